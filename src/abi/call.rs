//! A view function, its arguments, and what its answer means.

use super::parse::signature;
use super::{Mistake, Parameter, Unreadable, Value, hash_of, read};
use alloy_dyn_abi::DynSolValue;

/// A call that can be made again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The function's name.
    pub name: String,
    /// What it wants.
    inputs: Vec<Parameter>,
    /// What it gives.
    pub outputs: Vec<Parameter>,
    /// What is sent.
    pub data: Vec<u8>,
}

/// An argument that is not what the function wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadArgument {
    /// Which one, from 0; as many as there are, where some are missing.
    pub index: usize,
    /// What is wrong with it.
    pub said: String,
}

impl Call {
    /// Reads `totalSupply() returns (uint256)`. A function with parameters then needs [`Call::with`].
    ///
    /// # Errors
    /// What in the text cannot be meant.
    pub fn parse(text: &str) -> Result<Call, Mistake> {
        let signature = signature(text, "function")?;
        for (word, at) in signature.words {
            match word.as_str() {
                "view" | "pure" | "external" | "public" | "virtual" | "override" | "constant" => {}
                "payable" | "nonpayable" => {
                    return Err(Mistake::new(at, "a function that writes cannot be looked at")
                        .helped("name a `view` function; the collector sends no transactions"));
                }
                _ => return Err(Mistake::new(at, format!("`{word}` is no word of a function"))),
            }
        }
        if signature.outputs.is_empty() {
            return Err(Mistake::new(text.len()..text.len(), "it is not said what it returns")
                .helped(format!("write `{} returns (uint256)`", text.trim().trim_end_matches(';'))));
        }
        let data = hash_of(&signature.name, &signature.inputs)[..4].to_vec();
        Ok(Call { name: signature.name, inputs: signature.inputs, outputs: signature.outputs, data })
    }

    /// The same with its arguments, as texts: `0x…`, `7`, `true`, `[1, 2]`.
    ///
    /// # Errors
    /// One is missing, too many, or not of its type.
    pub fn with<A: AsRef<str>>(mut self, arguments: &[A]) -> Result<Call, BadArgument> {
        if let Some(missing) = self.inputs.get(arguments.len()) {
            let said = format!("`{}` wants another argument, of type `{}`", self.name, missing.kind);
            return Err(BadArgument { index: arguments.len(), said });
        }
        if arguments.len() > self.inputs.len() {
            let said = format!("`{}` wants {} arguments", self.name, self.inputs.len());
            return Err(BadArgument { index: self.inputs.len(), said });
        }
        let mut values = Vec::new();
        for (index, (argument, parameter)) in arguments.iter().zip(&self.inputs).enumerate() {
            let value = parameter.kind.for_encoding().coerce_str(argument.as_ref()).map_err(|_| BadArgument {
                index,
                said: format!("`{}` is not of type `{}`", argument.as_ref(), parameter.kind),
            })?;
            values.push(value);
        }
        self.data.extend(DynSolValue::Tuple(values).abi_encode_params());
        Ok(self)
    }

    /// What an answer says.
    ///
    /// # Errors
    /// It is empty, or of other types than promised.
    pub fn read(&self, answer: &[u8]) -> Result<Vec<Value>, Unreadable> {
        if answer.is_empty() {
            return Err(Unreadable::Nothing);
        }
        let kinds: Vec<_> = self.outputs.iter().map(|output| &output.kind).collect();
        read::sequence(&kinds, answer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abi::Place;
    use alloy_primitives::hex;

    #[test]
    fn calls_have_the_selectors_that_the_compiler_gives_them() {
        // From realparts: the compiled contracts.
        for (text, selector) in [
            ("version() returns (string)", "54fd4d50"),
            ("getCurrentPrice() view returns (uint256 price, uint256 timestamp)", "eb91d37e"),
            ("emergencyMode() returns (bool)", "0905f560"),
            ("getAllPrices() returns ((uint256,uint256,uint256,string)[])", "445df9d6"),
            ("checkDeviation(uint newPrice) returns (bool, uint256)", "89b2c56c"),
        ] {
            let call = Call::parse(text).unwrap_or_else(|mistake| panic!("{text}: {mistake:?}"));
            assert_eq!(hex::encode(&call.data), selector, "{text}");
        }
    }

    #[test]
    fn arguments_are_encoded_behind_the_selector() {
        let call = Call::parse("balanceOf(address) returns (uint256)").expect("a signature");
        let owner = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
        let full = call.clone().with(&[owner]).expect("an address");
        assert_eq!(hex::encode(full.data), "70a0823100000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8");

        assert_eq!(
            call.clone().with::<&str>(&[]).expect_err("none").said,
            "`balanceOf` wants another argument, of type `address`"
        );
        assert_eq!(call.clone().with(&["7"]).expect_err("no address").said, "`7` is not of type `address`");
        let many = call.with(&[owner, owner]).expect_err("two");
        assert_eq!((many.index, many.said.as_str()), (1, "`balanceOf` wants 1 arguments"));
    }

    #[test]
    fn a_function_that_cannot_be_looked_at_is_refused() {
        let said = |text| Call::parse(text).expect_err(text).said;
        assert_eq!(said("checkPrice(uint256)"), "it is not said what it returns");
        assert_eq!(said("mint() payable returns (bool)"), "a function that writes cannot be looked at");
        assert_eq!(said("f() vieuw returns (bool)"), "`vieuw` is no word of a function");
    }

    fn word(text: &str) -> String {
        format!("{text:0>64}")
    }

    fn read(outputs: &str, answer: &str) -> Result<Vec<Value>, String> {
        let call = Call::parse(&format!("f() returns ({outputs})")).expect("a signature");
        call.read(&hex::decode(answer).expect("hex")).map_err(|problem| problem.to_string())
    }

    #[test]
    fn answers_are_read_as_promised_structs_in_lists_with_their_texts() {
        let answer = [
            // One list, of one struct, of a number and a text.
            word("20"),
            word("1"),
            word("20"),
            word("d1b"),
            word("40"),
            word("4"),
            format!("{:0<64}", hex::encode("band")),
        ];
        let values = read("(uint256 price, string source)[]", &answer.concat()).expect("it fits");
        let source = Value::Many(vec![Value::Uint("3355".parse().expect("a number")), Value::Text("band".into())]);
        assert_eq!(values, [Value::Many(vec![source])]);

        assert_eq!(read("int8", &"f".repeat(64)).expect("minus one")[0].number(0), Some(-1.0));
        assert_eq!(read("uint8[2] x", &[word("1"), word("2")].concat()).expect("two")[0].text(), "1,2");
    }

    #[test]
    fn an_answer_of_another_type_is_not_taken_for_a_number() {
        let nothing = "nothing came back: there is no contract at this address, or none with this function";
        let text = [word("20"), word("5"), format!("{:0<64}", hex::encode("1.0.0"))].concat();
        for (outputs, answer, why) in [
            ("uint256", String::new(), nothing),
            ("uint256", text, "what came back is not (uint256): it is 96 bytes long and not 32"),
            ("uint256, uint256", word("1"), "what came back is not (uint256, uint256): it is 32 bytes long and not 64"),
            ("bool", word("2"), "what came back is not (bool): 2 is no bool"),
            ("uint8", word("100"), "what came back is not (uint8): 256 is no uint8"),
            ("int8", word("80"), "what came back is not (int8): 128 is no int8"),
            ("string", word("d1b"), "what came back is not (string): it points out of itself"),
            (
                "string",
                [word("20"), word("40"), word("0")].concat(),
                "what came back is not (string): it ends before a text does",
            ),
            (
                "string",
                [word("20"), word("1"), format!("{:0<64}", "ff")].concat(),
                "what came back is not (string): a text is no UTF-8",
            ),
            (
                "uint256[]",
                [word("20"), word("3"), word("0")].concat(),
                "what came back is not (uint256[]): it is too short",
            ),
        ] {
            assert_eq!(read(outputs, &answer).expect_err(outputs), why);
        }
        let address = read("address", &"f".repeat(64)).expect_err("too wide");
        assert!(address.ends_with("is no address"), "{address}");
    }

    #[test]
    fn an_answer_that_says_the_same_bytes_again_and_again_is_not_read_to_the_end() {
        // A hundred lists that are the same one, of a hundred that are the same one: each level multiplies.
        let many = |offset: &str| [word("64"), word(offset).repeat(100)].concat();
        let answer = [word("20"), many("c80"), many("c80"), many("7")].concat();
        let why = read("uint256[][][]", &answer).expect_err("a bomb");
        assert_eq!(why, "what came back is not (uint256[][][]): it says the same bytes again and again");

        let long = read("uint256[]", &"0".repeat(200_000)).expect_err("too long");
        assert!(long.contains("it is 100000 bytes long"), "{long}");
    }

    #[test]
    fn a_value_is_found_by_its_name_in_structs_too() {
        let call = Call::parse("getConfig() returns ((uint256 threshold, (bool active, uint8 mode) state) config)")
            .expect("good");
        let values =
            call.read(&hex::decode([word("1f4"), word("1"), word("7")].concat()).expect("hex")).expect("it fits");
        let of = |name| Place::named(&call.outputs, name).map(|place| place.of(&values).cloned());
        assert_eq!(of("threshold"), Ok(Some(Value::Uint("500".parse().expect("a number")))));
        assert_eq!(of("state.mode"), Ok(Some(Value::Uint("7".parse().expect("a number")))));
        assert_eq!(of("limit").expect_err("none"), "there is no `limit`: there are `threshold`, `state`");
        assert_eq!(of("threshold.x").expect_err("none"), "`threshold` is no struct, and has no `x`");
        assert_eq!(
            Place::only(&call.outputs).expect_err("two"),
            "it gives 2 values, and it is not said which one is meant"
        );
    }
}
