//! What a client says: JSON text read into a typed request, or refused with the error the API gives.
//!
//! Fields this server has no use for are ignored, known or not (codex sends a redundant `stream` and a map of its
//! own with every frame). It must never guess: a field it does use has the right type or the request is refused.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::wire::item::Item;

use super::{error::ApiError, fault::Facts, lanes::LaneName};

/// Item kinds that are taken as part of a conversation and skipped by the agent.
const OPAQUE_ITEMS: [&str; 4] = ["compaction", "web_search_call", "file_search_call", "code_interpreter_call"];
/// Longest `stream_id`.
const MAX_STREAM_ID: usize = 256;

/// A request for a response.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Request {
    /// The lane, over a WebSocket.
    pub lane: LaneName,
    /// Echoed, otherwise without effect: there is one agent.
    pub model: String,
    /// The response to continue.
    pub previous: Option<String>,
    /// The new items.
    pub input: Vec<Item>,
    /// Whether the response is kept beyond its connection (the API's default).
    pub store: bool,
    /// False for a warm-up.
    pub generate: bool,
    /// Whether HTTP answers as SSE.
    pub stream: bool,
    /// Whether `apply_patch` is declared as a freeform tool.
    pub custom_patch: bool,
    /// Bytes of instructions and tools, for the usage estimate.
    pub constant_bytes: usize,
    /// Bytes of the whole request.
    pub bytes: usize,
}

impl Request {
    /// What faults may depend on; `websocket` says which way it came.
    pub(super) fn facts(&self, websocket: bool) -> Facts {
        let is_output =
            |item: &Item| matches!(item, Item::FunctionCallOutput { .. } | Item::CustomToolCallOutput { .. });
        Facts {
            continues: self.previous.is_some(),
            brings_outputs: self.input.iter().any(is_output),
            generates: self.generate,
            websocket,
        }
    }
}

/// An event of the client, over a WebSocket.
#[derive(Debug)]
pub(super) enum ClientEvent {
    /// `response.create`.
    Create(Box<Request>),
    /// `response.steer`, with what is needed to give the input back.
    Steer {
        /// The response to steer.
        previous: String,
        /// The input, verbatim.
        input: Value,
    },
    /// `response.inject`, likewise.
    Inject {
        /// The response to inject into.
        response: String,
        /// The input, verbatim.
        input: Value,
    },
}

/// A frame that is refused, with the lane its error goes to.
#[derive(Debug)]
pub(super) struct Refused {
    /// The lane, when the frame named a valid one.
    pub lane: LaneName,
    /// The response it would have continued: a continuation that ends in an error evicts its parent.
    pub previous: Option<String>,
    /// Why.
    pub error: Box<ApiError>,
}

/// Reads one text frame.
///
/// # Errors
/// [`Refused`] for anything that is no valid client event; the connection goes on.
pub(super) fn read_event(text: &str) -> Result<ClientEvent, Refused> {
    let refused = |lane, previous, error| Refused { lane, previous, error: Box::new(error) };
    let fields = Fields::read(text.as_bytes()).map_err(|error| refused(None, None, error))?;
    let lane = stream_id(&fields).map_err(|error| refused(None, None, error))?;
    let previous = fields.get("previous_response_id").and_then(Value::as_str).map(str::to_owned);
    read_fields(fields, lane.clone(), text.len()).map_err(|error| refused(lane, previous, error))
}

fn read_fields(mut fields: Fields, lane: LaneName, bytes: usize) -> Result<ClientEvent, ApiError> {
    match fields.text("type")?.as_deref() {
        Some("response.create") => {
            let generate = fields.flag("generate", true)? && !prewarms(&fields);
            let request = read_request(fields, bytes)?;
            Ok(ClientEvent::Create(Box::new(Request { lane, generate, ..request })))
        }
        Some("response.steer") => {
            Ok(ClientEvent::Steer { previous: fields.needed("previous_response_id")?, input: fields.take("input") })
        }
        Some("response.inject") => {
            Ok(ClientEvent::Inject { response: fields.needed("response_id")?, input: fields.take("input") })
        }
        Some(other) => {
            let message = format!(
                "Unknown event type '{}'. Supported values are 'response.create', 'response.steer' and \
                 'response.inject'.",
                shortened(other)
            );
            Err(ApiError::invalid("invalid_value", "type", message))
        }
        None => Err(missing("type")),
    }
}

/// Reads the body of `POST /v1/responses`.
///
/// # Errors
/// 400 for anything that is no valid request, and for the fields that exist over a WebSocket only.
pub(super) fn read_body(body: &[u8]) -> Result<Request, ApiError> {
    let fields = Fields::read(body)?;
    for websocket_only in ["generate", "stream_id"] {
        if fields.get(websocket_only).is_some() {
            let message = format!("Unknown parameter: '{websocket_only}'. It exists in WebSocket mode only.");
            return Err(ApiError::invalid("unknown_parameter", websocket_only, message));
        }
    }
    read_request(fields, body.len())
}

fn read_request(mut fields: Fields, bytes: usize) -> Result<Request, ApiError> {
    if fields.flag("background", false)? {
        return Err(unsupported("background"));
    }
    for field in ["conversation", "prompt"] {
        if fields.get(field).is_some() {
            return Err(unsupported(field));
        }
    }
    let model = fields.needed("model")?;
    let previous = fields.text("previous_response_id")?;
    let (custom_patch, tools_bytes) = read_tools(&fields)?;
    let instructions_bytes = fields.get("instructions").map_or(0, |value| value.to_string().len());
    let store = fields.flag("store", true)?;
    let stream = fields.flag("stream", false)?;
    let input = read_input(fields.take("input"), previous.is_some())?;
    Ok(Request {
        lane: None,
        model,
        previous,
        input,
        store,
        generate: true,
        stream,
        custom_patch,
        constant_bytes: tools_bytes + instructions_bytes,
        bytes,
    })
}

/// Whether only the prompt cache is to be filled, which forces `generate` to false (openai SDK types).
fn prewarms(fields: &Fields) -> bool {
    fields.get("prompt_cache_options").and_then(|options| options.get("prewarm")).is_some_and(|prewarm| prewarm == true)
}

/// The lane a frame names.
fn stream_id(fields: &Fields) -> Result<LaneName, ApiError> {
    let Some(value) = fields.get("stream_id") else { return Ok(None) };
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-');
    match value.as_str() {
        Some(name) if (1..=MAX_STREAM_ID).contains(&name.len()) && name.bytes().all(allowed) => {
            Ok(Some(Arc::from(name)))
        }
        _ => {
            let message = format!("`stream_id` must be 1 to {MAX_STREAM_ID} characters out of A-Z a-z 0-9 _ . -");
            Err(ApiError::invalid("invalid_stream_id", "stream_id", message))
        }
    }
}

/// Whether `apply_patch` is a custom tool, and how long the declarations are.
fn read_tools(fields: &Fields) -> Result<(bool, usize), ApiError> {
    let tools = match fields.get("tools") {
        None => return Ok((false, 0)),
        Some(Value::Array(tools)) => tools,
        Some(_) => return Err(wrong_type("tools", "an array")),
    };
    let mut custom_patch = false;
    let mut bytes = 0;
    for (index, tool) in tools.iter().enumerate() {
        let Some(kind) = tool.get("type").and_then(Value::as_str) else {
            return Err(missing(&format!("tools[{index}].type")));
        };
        if matches!(kind, "function" | "custom") && tool.get("name").and_then(Value::as_str).is_none() {
            return Err(missing(&format!("tools[{index}].name")));
        }
        custom_patch |= kind == "custom" && tool.get("name").is_some_and(|name| name == "apply_patch");
        bytes += tool.to_string().len();
    }
    Ok((custom_patch, bytes))
}

fn read_input(input: Value, continues: bool) -> Result<Vec<Item>, ApiError> {
    match input {
        Value::String(text) => Ok(vec![Item::user(text)]),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| read_item(item, &format!("input[{index}]"))).collect()
        }
        // A continuation may bring nothing new.
        Value::Null if continues => Ok(Vec::new()),
        Value::Null => Err(missing("input")),
        _ => Err(wrong_type("input", "a string or an array of items")),
    }
}

fn read_item(value: &Value, param: &str) -> Result<Item, ApiError> {
    if !value.is_object() {
        return Err(wrong_type(param, "an object"));
    }
    match Item::read(value) {
        Ok(Item::Other(kind)) if !OPAQUE_ITEMS.contains(&kind.as_str()) => {
            let message = format!("Invalid value: '{}'. The embedded agent takes no such item.", shortened(&kind));
            Err(ApiError::invalid("invalid_value", param, message))
        }
        Ok(item) => Ok(item),
        Err(message) => Err(ApiError::invalid("invalid_value", param, message)),
    }
}

/// The fields of a JSON object.
struct Fields(Map<String, Value>);

impl Fields {
    fn read(bytes: &[u8]) -> Result<Fields, ApiError> {
        match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Ok(Fields(fields)),
            Ok(_) => Err(ApiError::invalid("invalid_json", "", "A JSON object was expected.")),
            Err(error) => {
                let at = format!("line {} column {}", error.line(), error.column());
                Err(ApiError::invalid("invalid_json", "", format!("This is not valid JSON (at {at}).")))
            }
        }
    }

    /// A field that is there and not null.
    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    fn take(&mut self, name: &str) -> Value {
        self.0.remove(name).unwrap_or_default()
    }

    fn text(&self, name: &str) -> Result<Option<String>, ApiError> {
        let read = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(|| wrong_type(name, "a string"));
        self.get(name).map(read).transpose()
    }

    fn needed(&self, name: &str) -> Result<String, ApiError> {
        self.text(name)?.filter(|text| !text.is_empty()).ok_or_else(|| missing(name))
    }

    fn flag(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        let read = |value: &Value| value.as_bool().ok_or_else(|| wrong_type(name, "a boolean"));
        self.get(name).map_or(Ok(default), read)
    }
}

fn missing(param: &str) -> ApiError {
    ApiError::invalid("missing_required_parameter", param, format!("Missing required parameter: '{param}'."))
}

fn wrong_type(param: &str, expected: &str) -> ApiError {
    ApiError::invalid("invalid_type", param, format!("Invalid type for '{param}': expected {expected}."))
}

fn unsupported(param: &str) -> ApiError {
    let message = format!("Unsupported parameter: '{param}'. The embedded agent does not have it.");
    ApiError::invalid("unsupported_parameter", param, message)
}

/// Enough of a client's word to recognise it in an error.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(frame: &Value) -> Result<ClientEvent, Refused> {
        read_event(&frame.to_string())
    }

    fn create(mut frame: Value) -> Result<Request, Refused> {
        frame["type"] = json!("response.create");
        match event(&frame)? {
            ClientEvent::Create(request) => Ok(*request),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_plain_request_is_read_and_what_is_unknown_or_redundant_is_ignored() {
        let request =
            create(json!({"model": "m", "input": "hi", "stream": true, "client_metadata": {"a": 1}})).unwrap();
        assert_eq!(request.input, [Item::user("hi")]);
        assert!(request.store && request.generate && request.lane.is_none() && !request.custom_patch);
    }

    #[test]
    fn prewarming_the_prompt_cache_is_a_warm_up() {
        for (prewarm, generates) in [(true, false), (false, true)] {
            let options = json!({"mode": "auto", "prewarm": prewarm});
            let request = create(json!({"model": "m", "input": "hi", "prompt_cache_options": options})).unwrap();
            assert_eq!(request.generate, generates);
        }
    }

    #[test]
    fn apply_patch_is_custom_only_when_declared_so() {
        let style = |tools: Value| create(json!({"model": "m", "input": [], "tools": tools})).unwrap().custom_patch;
        assert!(style(json!([{"type": "custom", "name": "apply_patch"}])));
        assert!(!style(json!([{"type": "function", "name": "apply_patch"}, {"type": "custom", "name": "other"}])));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let cases = [
            (json!({"input": "hi"}), "missing_required_parameter", "model"),
            (json!({"model": "m"}), "missing_required_parameter", "input"),
            (json!({"model": "m", "input": 7}), "invalid_type", "input"),
            (json!({"model": "m", "input": [{"role": "user"}]}), "invalid_value", "input[0]"),
            (json!({"model": "m", "input": ["hi"]}), "invalid_type", "input[0]"),
            (json!({"model": "m", "input": [{"type": "dance"}]}), "invalid_value", "input[0]"),
            (json!({"model": "m", "input": "hi", "generate": "no"}), "invalid_type", "generate"),
            (json!({"model": "m", "input": "hi", "tools": {}}), "invalid_type", "tools"),
            (json!({"model": "m", "input": "hi", "tools": [{}]}), "missing_required_parameter", "tools[0].type"),
            (json!({"model": "m", "input": "hi", "background": true}), "unsupported_parameter", "background"),
            (json!({"model": "m", "input": "hi", "stream_id": ""}), "invalid_stream_id", "stream_id"),
            (json!({"model": "m", "input": "hi", "stream_id": "a b"}), "invalid_stream_id", "stream_id"),
            (json!({"model": "m", "input": "hi", "stream_id": "x".repeat(257)}), "invalid_stream_id", "stream_id"),
        ];
        for (frame, code, param) in cases {
            let refused = create(frame.clone()).unwrap_err();
            assert_eq!((refused.error.code, refused.error.param.as_deref()), (code, Some(param)), "{frame}");
        }
    }

    #[test]
    fn an_error_goes_to_the_lane_the_frame_named() {
        let refused = event(&json!({"type": "response.cancel", "stream_id": "a"})).unwrap_err();
        assert_eq!((refused.lane.as_deref(), refused.error.param.as_deref()), (Some("a"), Some("type")));
        assert!(refused.error.message.contains("'response.cancel'"));
    }

    #[test]
    fn what_is_no_object_is_invalid_json() {
        for text in ["", "[]", "{\"type\":", "7"] {
            assert_eq!(read_event(text).unwrap_err().error.code, "invalid_json", "{text}");
        }
    }

    #[test]
    fn http_knows_neither_warm_ups_nor_lanes() {
        for field in ["generate", "stream_id"] {
            let body = json!({"model": "m", "input": "hi", field: "x"}).to_string();
            assert_eq!(read_body(body.as_bytes()).unwrap_err().code, "unknown_parameter");
        }
    }
}
