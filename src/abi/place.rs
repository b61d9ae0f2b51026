//! Where in an answer, or a log, the one value stands that is asked for.

use super::{Kind, Parameter, Value};

/// A value's place among others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which one at each depth.
    path: Vec<usize>,
    /// Its type.
    pub kind: Kind,
}

impl Place {
    /// The place of the parameter called `name`; members of a struct that stands alone count as parameters.
    ///
    /// # Errors
    /// There is none, with the names that there are.
    pub fn named(parameters: &[Parameter], name: &str) -> Result<Place, String> {
        let (prefix, parameters) = opened(parameters);
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let found = parameters.iter().position(|parameter| parameter.name == first);
        let Some(index) = found else {
            let known: Vec<String> =
                parameters.iter().filter(|it| !it.name.is_empty()).map(|it| format!("`{}`", it.name)).collect();
            return Err(match known.as_slice() {
                [] => format!("there is no `{first}`: the signature names none of its values"),
                _ => format!("there is no `{first}`: there are {}", known.join(", ")),
            });
        };
        let path = [prefix, vec![index]].concat();
        match (&parameters[index].kind, rest) {
            (kind, "") => Ok(Place { path, kind: kind.clone() }),
            (Kind::Tuple(members), rest) => {
                let inner = Place::named(members, rest)?;
                Ok(Place { path: [path, inner.path].concat(), kind: inner.kind })
            }
            (_, rest) => Err(format!("`{first}` is no struct, and has no `{rest}`")),
        }
    }

    /// The first of `names` that there is.
    #[must_use]
    pub fn first_of(parameters: &[Parameter], names: &[&str]) -> Option<Place> {
        names.iter().find_map(|name| Place::named(parameters, name).ok())
    }

    /// The place of the only value that there is.
    ///
    /// # Errors
    /// There are several, or none.
    pub fn only(parameters: &[Parameter]) -> Result<Place, String> {
        let (prefix, parameters) = opened(parameters);
        match parameters {
            [one] => Ok(Place { path: [prefix, vec![0]].concat(), kind: one.kind.clone() }),
            [] => Err("it gives no value".to_owned()),
            several => Err(format!("it gives {} values, and it is not said which one is meant", several.len())),
        }
    }

    /// The value there.
    #[must_use]
    pub fn of<'v>(&self, values: &'v [Value]) -> Option<&'v Value> {
        let (last, path) = self.path.split_last()?;
        let mut values = values;
        for index in path {
            let Value::Many(inner) = values.get(*index)? else { return None };
            values = inner;
        }
        values.get(*last)
    }
}

/// A struct that stands alone is opened: `returns ((uint256 a, bool b))` gives `a` and `b`.
fn opened(parameters: &[Parameter]) -> (Vec<usize>, &[Parameter]) {
    match parameters {
        [Parameter { kind: Kind::Tuple(members), .. }] => (vec![0], members),
        _ => (Vec::new(), parameters),
    }
}
