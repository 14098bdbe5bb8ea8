// The format of server-sent events, read from a response: unlike EventSource it shows why a stream
// was refused.

/**
 * Call back for each event until the stream ends.
 * @param {ReadableStream<Uint8Array>} body
 * @param {(name: string, data: string) => void} onEvent
 */
export async function readEvents(body, onEvent) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return; // what is incomplete is no event
    const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) dispatch(block, onEvent);
  }
}

function dispatch(block, onEvent) {
  let name = "message";
  const data = [];
  for (const line of block.split("\n")) {
    const [, field, text] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "event") name = text;
    else if (field === "data") data.push(text);
  }
  if (data.length > 0) onEvent(name, data.join("\n"));
}
