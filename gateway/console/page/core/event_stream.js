// The format of server-sent events, read from a response: unlike EventSource it shows why a stream
// was refused.

/** The service says something every 10 seconds, if only that it is there. */
const SILENT_MILLISECONDS = 25_000;

/**
 * Call back for each event until the stream ends. One that is silent for long is broken off: a
 * gateway that hangs, or a network that is gone, never ends it.
 * @param {ReadableStream<Uint8Array>} body
 * @param {(name: string, data: string) => void} onEvent
 */
export async function readEvents(body, onEvent) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await inTime(reader.read());
      if (done) return; // what is incomplete is no event
      const blocks = (rest + value).replaceAll("\r\n", "\n").split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) dispatch(block, onEvent);
    }
  } finally {
    reader.cancel().catch(() => {}); // it is not read any more, whatever the reason
  }
}

/** Resolve to the next part of a stream; reject if it takes too long. */
function inTime(reading) {
  let timer = null;
  const silence = new Promise((_, reject) => {
    const broken = () => reject(new DOMException("The stream is silent.", "TimeoutError"));
    timer = setTimeout(broken, SILENT_MILLISECONDS);
  });
  return Promise.race([reading, silence]).finally(() => clearTimeout(timer));
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
