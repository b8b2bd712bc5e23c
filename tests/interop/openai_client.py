"""OpenAI's client for Python against `pilotlight agent`: python3 openai_client.py talk|fail BASE_URL.

`talk` has a conversation in every way the client offers, `fail` asks a server that refuses every request. What was seen
goes to stdout, a JSON object a line with the name of its step; the test judges it. Every event is held against the types
that the client declares for it, which the client itself never does: what does not fit is the last step of `talk`.
"""

import json
import sys

import openai
import pydantic
from openai.lib.responses_websocket import ResponsesWebSocketError, ResponsesWebSocketLimits, ResponsesWebSocketSession

MODEL = "embedded"
ENDS = ("response.completed", "response.incomplete", "response.failed", "error")
TOOLS = [
    {
        "type": "function",
        "name": "search",
        "strict": False,
        "parameters": {"type": "object", "properties": {"pattern": {"type": "string"}}, "required": ["pattern"]},
    },
    {"type": "custom", "name": "apply_patch", "format": {"type": "text"}},
]
FILE = '<file path="a.rs" bytes="14">\nfn fetch() {}\n\n</file>'
RENAME = 'Request: edit\n\nDo it.\n<instruction bytes="20">\nrename fetch to load\n</instruction>'


def tell(step, **seen):
    print(json.dumps({"step": step, **seen}), flush=True)


misfits = set()


def checked(event):
    """The event, after it was held against the type that the client took it for."""
    try:
        type(event).model_validate(event.to_dict())
    except pydantic.ValidationError as invalid:
        for error in invalid.errors():
            field = ".".join(str(part) for part in error["loc"])
            misfits.add(f"{event.type}: {field}: {error['msg']}")
    return event


def answer(connection):
    """The types of all events up to the end of a response, and the last event."""
    kinds = []
    while True:
        event = checked(connection.recv())
        kinds.append([event.type, type(event).__name__])
        if event.type in ENDS:
            return kinds, event


def refusal(error):
    return {"kind": type(error).__name__, "status": error.status_code, "code": error.code, "type": error.type}


def refused(event):
    error = event.error
    return {
        "kind": type(event).__name__,
        "status": event.status,
        "code": error.code,
        "type": error.type,
        "param": error.param,
    }


def chain(connection):
    """A warm-up, then turns that each go on from the one before."""
    connection.send(
        {
            "type": "response.create",
            "model": MODEL,
            "store": False,
            "generate": False,
            "tools": TOOLS,
            "input": [{"role": "developer", "content": "Be brief."}],
        }
    )
    kinds, end = answer(connection)
    tell("warm-up", kinds=kinds, status=end.response.status, output=len(end.response.output))
    old = end.response.id

    def ask(previous, items):
        connection.response.create(model=MODEL, store=False, tools=TOOLS, previous_response_id=previous, input=items)
        return answer(connection)

    kinds, end = ask(old, [{"role": "user", "content": "Good morning."}])
    first = end.response
    tell("text", kinds=kinds, status=first.status, follows=first.previous_response_id == old, text=first.output_text)

    kinds, end = ask(first.id, [{"role": "user", "content": FILE}, {"role": "user", "content": RENAME}])
    second, call = end.response, end.response.output[-1]
    tell("call", kinds=kinds, status=second.status, kind=call.type, name=call.name, arguments=json.loads(call.arguments))

    found = "1 match in 1 file\na.rs:1:fn fetch() {}"
    kinds, end = ask(second.id, [{"type": "function_call_output", "call_id": call.call_id, "output": found}])
    third, call = end.response, end.response.output[-1]
    tell("patch", kinds=kinds, status=third.status, kind=call.type, name=call.name, input=call.input)

    kinds, end = ask(third.id, [{"type": "custom_tool_call_output", "call_id": call.call_id, "output": "Done: a.rs"}])
    fourth = end.response
    tell("output", status=fourth.status, follows=fourth.previous_response_id == third.id, text=fourth.output_text)

    _, end = ask(fourth.id, [{"type": "function_call_output", "call_id": "call_unknown", "output": ""}])
    tell("unknown call", message=end.error.message, **refused(end))
    # The refused request was to go on from the fourth response, so that is gone.
    _, end = ask(fourth.id, [{"role": "user", "content": "And now?"}])
    tell("evicted", **refused(end))
    _, end = ask("resp_unknown", [{"role": "user", "content": "And now?"}])
    tell("not found", **refused(end))
    _, end = ask(None, [{"role": "user", "content": "And now?"}])
    tell("anew", status=end.response.status)


def lanes(connection):
    """Two lanes at once through the client's own helper, then one that goes on from the other's response."""
    limits = ResponsesWebSocketLimits(
        max_lanes=4, max_events_per_lane=1000, max_events=1000, max_bytes_per_lane=1 << 20, max_bytes=1 << 20
    )

    def create(text, **more):
        return {"type": "response.create", "model": MODEL, "store": False, "input": text, **more}

    with ResponsesWebSocketSession(connection, limits=limits) as session:
        left, right = session.lane("left"), session.lane("right")
        left.send(create("One."))
        right.send(create("Two."))
        ends = [lane.get_final_response(timeout=20) for lane in (left, right)]
        right.send(create("Three.", previous_response_id=ends[0].id))
        fork = right.get_final_response(timeout=20)
        left.send(create("Four.", previous_response_id="resp_unknown"))
        try:
            error = None
            left.get_final_response(timeout=20)
        except ResponsesWebSocketError as raised:
            error = checked(raised.event)
        tell(
            "lanes",
            statuses=[response.status for response in (*ends, fork)],
            forked=fork.previous_response_id == ends[0].id,
            lane=error and error.stream_id,
            **refused(error),
        )


def stream(client):
    """The same by HTTP, as a stream of events."""
    kinds, last = [], None
    for event in client.responses.create(model=MODEL, store=False, tools=TOOLS, input=RENAME, stream=True):
        last = checked(event)
        kinds.append([last.type, type(last).__name__])
    tell("stream", kinds=kinds, status=last.response.status, name=last.response.output[-1].name)
    try:
        client.responses.create(model=MODEL, store=False, previous_response_id="resp_unknown", input="Hello.")
    except openai.APIStatusError as error:
        tell("not found by HTTP", **refusal(error))


def talk(client):
    with client.responses.connect() as connection:
        chain(connection)
    with client.responses.connect() as connection:
        lanes(connection)
    stream(client)
    tell("misfits", found=sorted(misfits))


def fail(client):
    with client.responses.connect() as connection:
        connection.response.create(model=MODEL, store=False, input="Hello.")
        tell("websocket", **refused(answer(connection)[1]))
    try:
        for _ in client.responses.create(model=MODEL, store=False, input="Hello.", stream=True):
            pass
    except openai.APIStatusError as error:
        tell("http", **refusal(error))


if __name__ == "__main__":
    modes = {"talk": talk, "fail": fail}
    modes[sys.argv[1]](openai.OpenAI(api_key="unused", base_url=sys.argv[2], max_retries=0, timeout=20))
