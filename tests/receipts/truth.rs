//! What receipts should say, made from nothing but what was seen on the wire.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::counter::Exchange;

/// What a turn cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    pub rounds: u64,
    pub sent: u64,
    pub received: u64,
    pub full_resend: u64,
}

impl Cost {
    /// What a receipt says.
    pub fn told(receipt: &Value) -> Cost {
        let number = |field: &str| receipt[field].as_u64().unwrap_or_else(|| panic!("{field} in {receipt}"));
        Cost {
            rounds: number("rounds"),
            sent: number("bytes_sent"),
            received: number("bytes_received"),
            full_resend: number("bytes_full_resend"),
        }
    }

    /// What several cost together.
    pub fn sum(costs: &[Cost]) -> Cost {
        let sum = |of: fn(&Cost) -> u64| costs.iter().map(of).sum();
        Cost {
            rounds: sum(|cost| cost.rounds),
            sent: sum(|cost| cost.sent),
            received: sum(|cost| cost.received),
            full_resend: sum(|cost| cost.full_resend),
        }
    }
}

#[derive(Deserialize)]
struct Request<'a> {
    #[serde(borrow)]
    input: Vec<&'a RawValue>,
    generate: Option<bool>,
    #[serde(borrow)]
    previous_response_id: Option<&'a RawValue>,
    #[serde(rename = "type")]
    kind: Option<String>,
}

#[derive(Deserialize)]
struct ItemDone<'a> {
    #[serde(borrow)]
    item: &'a RawValue,
}

/// What each turn of a session cost, where the turns took so many rounds: counted from the session's exchanges, of which
/// the warm-ups belong to no turn.
pub fn costs(exchanges: &[Exchange], rounds: &[u64]) -> Vec<Cost> {
    let mut chain: Vec<String> = Vec::new();
    let mut asked = Vec::new();
    for exchange in exchanges {
        let request: Request<'_> = serde_json::from_str(&exchange.request).unwrap();
        let continues = request.previous_response_id.is_some();
        if !continues {
            chain.clear();
        }
        chain.extend(request.input.iter().map(|item| item.get().to_owned()));
        if request.generate != Some(false) {
            asked.push(Cost {
                rounds: 1,
                sent: exchange.request.len() as u64,
                received: exchange.bytes_down as u64,
                full_resend: whole(&exchange.request, &request, &chain).len() as u64,
            });
        }
        chain.extend(items(exchange));
    }
    let mut left = asked.as_slice();
    let costs = rounds.iter().map(|rounds| {
        let (turn, rest) = left.split_at(usize::try_from(*rounds).unwrap());
        left = rest;
        Cost::sum(turn)
    });
    let costs = costs.collect();
    assert!(left.is_empty(), "{} requests are in no receipt", left.len());
    costs
}

/// The request that a client without server-side state would have sent: the same fields, and every item so far.
fn whole(text: &str, request: &Request<'_>, chain: &[String]) -> String {
    let (fields, _) = text.split_once(r#""input":["#).unwrap();
    let previous = request.previous_response_id.map(|id| format!(r#""previous_response_id":{},"#, id.get()));
    let fields = previous.map_or(fields.to_owned(), |previous| fields.replacen(&previous, "", 1));
    assert_eq!(request.kind.is_some(), fields.starts_with(r#"{"type":"response.create","#));
    format!(r#"{fields}"input":[{}]}}"#, chain.join(","))
}

/// The items of an answer, byte for byte.
fn items(exchange: &Exchange) -> Vec<String> {
    let done = exchange.events.iter().zip(&exchange.raw_events);
    let done = done.filter(|(event, _)| event["type"] == "response.output_item.done");
    done.map(|(_, raw)| serde_json::from_str::<ItemDone<'_>>(raw).unwrap().item.get().to_owned()).collect()
}

/// Bytes as people are told them: `812 B`, `1.2 kB`, `3.4 MB`, a half rounded up.
pub fn people(bytes: u64) -> String {
    let tenths = |unit: u64| {
        let tenths = (bytes * 10 + unit / 2) / unit;
        format!("{}.{}", tenths / 10, tenths % 10)
    };
    match bytes {
        0..1000 => format!("{bytes} B"),
        1000..1_000_000 => format!("{} kB", tenths(1000)),
        _ => format!("{} MB", tenths(1_000_000)),
    }
}

/// The share of a full resend that was not sent, in percent.
pub fn saved(cost: Cost) -> f64 {
    100.0 * (1.0 - cost.sent as f64 / cost.full_resend as f64)
}
