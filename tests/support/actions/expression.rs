//! `${{ }}` expressions. A parser and evaluator of constants is a library's; what
//! a context holds is put in as a constant.

use github_actions_expressions::call::Function;
use github_actions_expressions::op::BinExpr;
use github_actions_expressions::{Evaluation, Expr, SpannedExpr};
use serde_json::Value;

/// What expressions can see.
pub struct Scope<'a> {
    /// `github`, `inputs`, `needs`, ... by name.
    pub contexts: Value,
    /// Nothing failed so far.
    pub success: bool,
    /// Folder for `hashFiles`.
    pub folder: Option<&'a std::path::Path>,
}

impl Scope<'_> {
    /// Fills in the expressions of a text; one that is nothing but an expression
    /// keeps its type.
    pub fn fill(&self, text: &str) -> Value {
        if let Some(inner) = text.strip_prefix("${{").and_then(|t| t.strip_suffix("}}"))
            && !inner.contains("${{")
        {
            return self.evaluate(inner);
        }
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${{") {
            let (inner, after) = after.split_once("}}").expect("an expression ends");
            out.push_str(before);
            out.push_str(&shown(&self.evaluate(inner)));
            rest = after;
        }
        Value::String(out + rest)
    }

    /// The same, as the text that a runner makes of it.
    pub fn text(&self, text: &str) -> String {
        shown(&self.fill(text))
    }

    /// Whether an `if` holds; without a status function nothing must have failed.
    pub fn holds(&self, condition: Option<&str>) -> bool {
        let Some(condition) = condition else {
            return self.success;
        };
        let inner = condition
            .trim()
            .strip_prefix("${{")
            .and_then(|text| text.strip_suffix("}}"))
            .unwrap_or(condition);
        let parsed = parse(inner);
        let asks = calls(&parsed).iter().any(|(call, _)| is_status(*call));
        (asks || self.success) && evaluation(&self.evaluate(inner)).as_boolean()
    }

    fn evaluate(&self, text: &str) -> Value {
        let parsed = parse(text);
        let mut constants: Vec<(usize, usize, Value)> = Vec::new();
        for (context, origin) in parsed.contexts() {
            let span = origin.span;
            let mut parts = context.parts.iter();
            let mut value = match context.parts.first().map(|part| &part.inner) {
                // `fromJSON(...).key`
                Some(Expr::Call(_)) => {
                    let part = parts.next().expect("a first part").origin.span;
                    self.evaluate(&text[part.start..part.end])
                }
                _ => self.contexts.clone(),
            };
            for part in parts {
                let Expr::Identifier(name) = &part.inner else {
                    panic!("no such index in tests: {text}");
                };
                // Names are looked up whatever their case.
                let found = value.as_object().and_then(|fields| {
                    let is = |key: &&String| key.eq_ignore_ascii_case(name.as_str());
                    fields.keys().find(is).and_then(|key| fields.get(key))
                });
                value = found.cloned().unwrap_or_default();
            }
            constants.push((span.start, span.end, value));
        }
        for (function, expression) in calls(&parsed) {
            let value = match function {
                Function::Success => Value::Bool(self.success),
                Function::Failure => Value::Bool(!self.success),
                Function::Always => Value::Bool(true),
                Function::Cancelled => Value::Bool(false),
                Function::HashFiles => self.hash_files(expression),
                _ => continue,
            };
            let span = expression.origin.span;
            constants.push((span.start, span.end, value));
        }
        // What is in another one has been looked at there.
        let outer = constants.clone();
        constants.retain(|(start, end, _)| {
            let holds = |(from, to, _): &(usize, usize, Value)| {
                (*from, *to) != (*start, *end) && from <= start && end <= to
            };
            !outer.iter().any(holds)
        });
        constants.sort_by_key(|(start, ..)| std::cmp::Reverse(*start));
        let mut constant = text.to_owned();
        for (start, end, value) in constants {
            constant.replace_range(start..end, &literal(&value));
        }
        let value = parse(&constant)
            .consteval()
            .unwrap_or_else(|| panic!("not a constant: {constant}"));
        value.try_into().expect("a value")
    }

    /// Stands for a hash of files: whether there are any is what workflows ask.
    fn hash_files(&self, call: &SpannedExpr<'_>) -> Value {
        let Expr::Call(call) = &call.inner else {
            return Value::Null;
        };
        let is_there = |argument: &SpannedExpr<'_>| {
            let Expr::Literal(name) = &argument.inner else {
                panic!("hashFiles of names only");
            };
            let name = name.as_str();
            let (before, _) = name.split_once('*').unwrap_or((&name, ""));
            self.folder
                .is_some_and(|folder| folder.join(before).exists())
        };
        let there = call.args.iter().any(is_there);
        Value::String(if there {
            "hash".to_owned()
        } else {
            String::new()
        })
    }
}

fn parse(text: &str) -> SpannedExpr<'_> {
    Expr::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

fn is_status(function: Function) -> bool {
    matches!(
        function,
        Function::Success | Function::Failure | Function::Always | Function::Cancelled
    )
}

fn calls<'a, 'b>(expression: &'a SpannedExpr<'b>) -> Vec<(Function, &'a SpannedExpr<'b>)> {
    match &expression.inner {
        Expr::Call(call) => {
            let mut found = vec![(call.func, expression)];
            found.extend(call.args.iter().flat_map(calls));
            found
        }
        Expr::BinExpr(BinExpr { lhs, rhs, .. }) => [calls(lhs), calls(rhs)].concat(),
        Expr::UnExpr { expr, .. } => calls(expr),
        _ => Vec::new(),
    }
}

fn literal(value: &Value) -> String {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(_) | Value::Object(_) => format!("fromJSON({})", quoted(&value.to_string())),
    }
}

fn evaluation(value: &Value) -> Evaluation {
    value.clone().try_into().expect("a value")
}

fn shown(value: &Value) -> String {
    evaluation(value).sema().to_string()
}
