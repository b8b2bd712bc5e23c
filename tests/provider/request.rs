//! A request as the server received it, and what holds for every one of them.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// How a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// In a text frame.
    WebSocket,
    /// As the body of a POST.
    Http,
}

/// One request and what was answered.
#[derive(Clone, Debug)]
pub struct Request {
    /// The connection it came on, counted from 0.
    pub connection: usize,
    /// How it came.
    pub transport: Transport,
    /// The frame's payload or the body, byte for byte.
    pub raw: String,
    /// The same, parsed.
    pub body: Value,
    /// Payload bytes sent in answer.
    pub answered: usize,
    /// The output items sent in answer, byte for byte.
    pub output: Vec<String>,
}

#[derive(Deserialize)]
struct Input<'a> {
    #[serde(borrow)]
    input: Vec<&'a RawValue>,
}

impl Request {
    /// The warm-up, which generates nothing.
    pub fn is_warm_up(&self) -> bool {
        self.body["generate"] == Value::Bool(false)
    }

    /// The response it continues from.
    pub fn previous(&self) -> Option<&str> {
        self.body["previous_response_id"].as_str()
    }

    /// The input items.
    pub fn input(&self) -> &[Value] {
        self.body["input"].as_array().map(Vec::as_slice).unwrap_or_default()
    }

    /// The input items, byte for byte.
    pub fn raw_input(&self) -> Vec<&str> {
        let input: Input<'_> = serde_json::from_str(&self.raw).unwrap();
        input.input.into_iter().map(RawValue::get).collect()
    }

    /// The text of the user's messages, each ended by a line feed.
    pub fn text(&self) -> String {
        let messages = self.input().iter().filter(|item| item["role"] == "user");
        messages.map(|item| format!("{}\n", item["content"][0]["text"].as_str().unwrap())).collect()
    }

    /// The tool outputs, in order.
    pub fn outputs(&self) -> Vec<&str> {
        self.input().iter().filter(|item| is_output(item)).map(|item| item["output"].as_str().unwrap()).collect()
    }

    /// Everything but the input, as text: what a session pays with every request.
    pub fn constant_fields(&self) -> String {
        let items: usize = self.raw_input().iter().map(|item| item.len()).sum::<usize>();
        let at = self.raw.find(r#""input":["#).unwrap();
        let end = &self.raw[at + r#""input":["#.len() + items + self.input().len().saturating_sub(1)..];
        format!("{}{end}", &self.raw[..at])
    }
}

fn is_output(item: &Value) -> bool {
    item["type"].as_str().is_some_and(|kind| kind.ends_with("_output"))
}

/// What the server knows of the connection a request comes on.
#[derive(Default)]
pub struct Chain {
    /// The latest completed response; the only one that may be continued.
    pub latest: Option<String>,
    /// Calls of that response, which the next request has to answer first, in order.
    pub calls: Vec<String>,
}

/// What is wrong with a request whatever a script says.
pub fn violations(request: &Request, chain: &Chain) -> Vec<String> {
    if request.raw == "{}" && request.transport == Transport::Http {
        // `pilotlight doctor` asks so whether there is an API: nothing in it could be wrong, or answered by a model.
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut expect = |holds: bool, rule: &str| {
        if !holds {
            let constant = request.raw.find(r#""input":"#).unwrap_or_default();
            let shown: String = request.raw[constant..].chars().take(1000).collect();
            found.push(format!("{rule}: {shown}"));
        }
    };
    let body = &request.body;
    expect(body["store"] == Value::Bool(false), "store is false");
    expect(body.get("instructions").is_none(), "no instructions field");
    match request.transport {
        Transport::WebSocket => {
            expect(request.raw.len() < 16 << 20, "a frame is under 16 MiB");
            expect(body["type"] == "response.create", "a frame is a response.create");
            expect(body.get("stream").is_none(), "stream is implied");
        }
        Transport::Http => {
            expect(body["stream"] == Value::Bool(true), "a body asks for a stream");
            for field in ["type", "generate", "previous_response_id"] {
                expect(body.get(field).is_none(), "a body has no WebSocket fields");
            }
        }
    }
    if request.previous().is_some() {
        expect(request.previous() == chain.latest.as_deref(), "only the latest response is continued");
        let answered: Vec<&str> = request.input().iter().map_while(|item| item["call_id"].as_str()).collect();
        expect(answered == chain.calls, "the calls are answered first, in order");
        // A lineage begun anew on a warm-up brings the turn's finished rounds along, each call with its output.
        expect(pairs(&request.input()[answered.len()..]), "no other outputs without their calls");
    } else {
        expect(pairs(request.input()), "every call has one output, and every output its call");
        let first = request.input().first();
        expect(first.is_some_and(|item| item["role"] == "developer"), "a new chain begins with the instructions");
    }
    found
}

/// Whether each call is followed by exactly one output of its kind.
fn pairs(input: &[Value]) -> bool {
    let mut open = Vec::new();
    for item in input {
        let Some(id) = item["call_id"].as_str() else { continue };
        let kind = item["type"].as_str().unwrap_or_default();
        match kind.strip_suffix("_output") {
            None => open.push((id, kind)),
            Some(called) => match open.iter().position(|call| *call == (id, called)) {
                Some(at) => drop(open.remove(at)),
                None => return false,
            },
        }
    }
    open.is_empty()
}
