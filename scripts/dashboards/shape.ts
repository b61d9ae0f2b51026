// What Grafana's own types say of a dashboard, tightened: its enums as the texts that stand in JSON, and a panel as what it is of its kind.
// `scripts/check-dashboards` puts the dashboards behind this.
import type {
  AnnotationQuery, Dashboard, DataSourceRef, FieldConfig, FieldConfigSource, Panel, RowPanel, VariableModel,
} from "./node_modules/@grafana/schema/dist/types/raw/dashboard/x/types.gen";
import type { Options as Stat } from "./node_modules/@grafana/schema/dist/types/raw/composable/stat/panelcfg/x/types.gen";
import type { Options as Gauge } from "./node_modules/@grafana/schema/dist/types/raw/composable/gauge/panelcfg/x/types.gen";
import type { Options as BarGauge } from "./node_modules/@grafana/schema/dist/types/raw/composable/bargauge/panelcfg/x/types.gen";
import type { Options as Graph, FieldConfig as GraphFields } from "./node_modules/@grafana/schema/dist/types/raw/composable/timeseries/panelcfg/x/types.gen";
import type { Options as States, FieldConfig as StateFields } from "./node_modules/@grafana/schema/dist/types/raw/composable/statetimeline/panelcfg/x/types.gen";
import type { Options as Table, FieldConfig as TableFields } from "./node_modules/@grafana/schema/dist/types/raw/composable/table/panelcfg/x/types.gen";
import type { Options as Text } from "./node_modules/@grafana/schema/dist/types/raw/composable/text/panelcfg/x/types.gen";

// An enum takes no text in TypeScript, and JSON has nothing else.
type Loose<T> = T extends string ? `${T}` : T extends (infer U)[] ? Loose<U>[] : T extends object ? { [K in keyof T]: Loose<T[K]> } : T;

// `@grafana/schema` has no type for a query of Prometheus; this is packages/grafana-prometheus/src/dataquery.ts of Grafana.
interface Query {
  refId: string;
  datasource: DataSourceRef;
  expr: string;
  legendFormat: string;
  editorMode: "code" | "builder";
  instant: boolean;
  range: boolean;
  format: "time_series" | "table" | "heatmap";
}

// What the same package reads of an annotation (processAnnotationResponse in its datasource.ts).
interface Annotation extends Omit<AnnotationQuery, "target" | "type"> {
  expr: string;
  step: string;
  titleFormat: string;
  textFormat: string;
  tagKeys: string;
}

type Kind<Type extends string, Options, Fields = never> = Omit<Panel, "type" | "options" | "targets" | "fieldConfig"> & {
  type: Type;
  options: Options;
  targets: Query[];
  fieldConfig: { defaults: Omit<FieldConfig, "custom"> & { custom?: Fields }; overrides: FieldConfigSource["overrides"] };
};
// What a newer gauge can do besides is optional to it: it fills in what a file does not say.
type OlderGauge = Omit<Gauge, "barShape" | "barWidthFactor" | "effects" | "segmentCount" | "segmentSpacing" | "shape">;
type Words = Omit<Panel, "type" | "options" | "targets" | "fieldConfig" | "datasource"> & { type: "text"; options: Text };
type Any =
  | Kind<"stat", Stat> | Kind<"gauge", OlderGauge> | Kind<"bargauge", BarGauge> | Kind<"timeseries", Graph, GraphFields>
  | Kind<"state-timeline", States, StateFields> | Kind<"table", Table, TableFields> | Words | RowPanel;

export type Shape = Loose<
  Omit<Dashboard, "panels" | "annotations" | "templating"> & {
    panels: Any[];
    annotations: { list: Annotation[] };
    templating: { list: VariableModel[] };
  }
>;
