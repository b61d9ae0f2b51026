//! The function that `held` is given: `|v| v < 5`.

use super::Lowering;
use crate::model::Span;
use crate::rules::script::code::{Held, Number, OUTER_MAX, Test};
use crate::rules::script::explain::Meaning;
use crate::rules::script::methods;
use rhai::{AST, ASTNode, Expr, FnPtr, Position, Stmt};

/// What is known of the function while it is read.
pub struct Closure {
    sample: String,
    is_sample_used: bool,
    outer: Vec<Number>,
}

impl Lowering<'_> {
    pub(super) fn held(&mut self, query: usize, window: Option<Span>, function: &Expr) -> Option<Test> {
        if self.closure.is_some() {
            return self.refuse(
                self.range(function),
                "`held` cannot stand in the function of another `held`",
                "join two with `&&`",
            );
        }
        let Some((sample, body)) = read(function, self.ast) else {
            let help = "write `|v| v < 5`: one name, and a condition on it";
            return self.refuse(self.range(function), "`held` takes a function of one sample", help);
        };
        if self.scope.queries.iter().any(|(name, _)| *name == sample) || methods::CONTEXT.contains(&sample.as_str()) {
            return self.refuse(
                self.range(function),
                format!("`{sample}` means something else already"),
                "write for example `|v| v < 5`",
            );
        }
        self.closure = Some(Closure { sample, is_sample_used: false, outer: Vec::new() });
        let test = self.test(&body);
        let closure = self.closure.take()?;
        if test.is_some() && !closure.is_sample_used {
            let message = format!("this function does not look at its sample `{}`", closure.sample);
            return self.refuse(self.range(&body), message, "compare the sample: `|v| v < 5`");
        }
        Some(Test::Held(Box::new(Held { query, window: window?, test: test?, outer: closure.outer })))
    }

    /// The sample, where `name` is what the function calls it.
    pub(super) fn sample(&mut self, name: &str) -> Option<Number> {
        let closure = self.closure.as_mut().filter(|closure| closure.sample == name)?;
        closure.is_sample_used = true;
        Some(Number::Sample)
    }

    /// Takes what costs something and is the same for every sample out of the function, if we are in one.
    pub(super) fn outside(&mut self, meaning: Meaning, whole: &Expr) -> Option<Meaning> {
        let (Some(closure), Meaning::Number(number)) = (&mut self.closure, &meaning) else { return Some(meaning) };
        if closure.outer.len() == OUTER_MAX {
            let message = format!("the function of `held` asks more than {OUTER_MAX} questions");
            return self.refuse(self.range(whole), message, "split it: two `held` joined with `&&`");
        }
        closure.outer.push(number.clone());
        Some(Meaning::Number(Number::Outer(closure.outer.len() - 1)))
    }
}

/// The name of the sample and the condition on it.
fn read(function: &Expr, ast: &AST) -> Option<(String, Expr)> {
    let (pointer, captured) = pointer(function)?;
    let metadata = ast.iter_functions().find(|function| function.name == pointer.fn_name())?;
    let [sample] = metadata.params.get(captured..)? else { return None };
    let definition = ast.shared_lib().get_script_fn(metadata.name, metadata.params.len())?;
    Some((sample.to_string(), body_at(definition.body.start_position(), ast)?))
}

/// The body of the function that begins at `position`. Rhai has no name by which the body itself could be opened.
fn body_at(position: Position, ast: &AST) -> Option<Expr> {
    let mut found = None;
    ast.walk(&mut |path: &[ASTNode<'_>]| {
        if let [ASTNode::Stmt(Stmt::Expr(expr))] = path
            && expr.start_position() == position
        {
            found = Some((**expr).clone());
        }
        found.is_none()
    });
    found
}

/// The function that is pointed at, and how many of its parameters stand for names from around it.
fn pointer(function: &Expr) -> Option<(FnPtr, usize)> {
    match function {
        Expr::DynamicConstant(value, _) => Some((value.clone().try_cast()?, 0)),
        Expr::Stmt(block) => match block.statements().last()? {
            Stmt::Expr(expr) => match &**expr {
                Expr::FnCall(curry, _) if curry.name == "curry" => {
                    let (pointer, _) = pointer(curry.args.first()?)?;
                    Some((pointer, curry.args.len() - 1))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}
