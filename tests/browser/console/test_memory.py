"""An hour with the list open: 500 rows and thousands of events leave the page's memory as it is."""

import pytest
from playwright.sync_api import expect

from tests.browser.console.stored import clear, store_many

pytestmark = pytest.mark.slow

ROWS = 500

#: An hour has 3,600 seconds, and the service sends one event in each at most. So many come at once,
#: as after a tab was busy: what is measured is what stays, and not how quickly it is drawn.
AT_ONCE = 100
WARM_UP = 3
EVENTS = 20

MAX_GROWN_BYTES = 1_000_000

#: The service's stream with its first page, and then as many events as the test says: each has
#: changed some rows, and every tenth a new calculation.
STREAM = """
window.stream = { events: null, number: 0 };
const fetchReally = window.fetch;
window.fetch = async (url, options) => {
  if (!String(url).startsWith("/calculations/events")) return fetchReally(url, options);
  const response = await fetchReally(String(url).replace("/events", ""), options);
  const first = await response.json();
  const { calculations } = first;
  const encoder = new TextEncoder();
  const written = (name, data) =>
    `event: ${name}\\ndata: ${JSON.stringify(data)}\\n\\n`;
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(encoder.encode(written("page", first)));
      const event = () => {
        const number = window.stream.number++;
        const changed = [];
        if (number % 10 === 0) {
          const id = crypto.randomUUID();
          changed.push({ ...calculations[0], id, status: "running", progress: 0 });
          calculations.pop();
          calculations.unshift(changed[0]);
        }
        for (let step = 0; step < 5; step++) {
          const place = (number * 7 + step * 97) % calculations.length;
          const progress = (number % 1000) / 1000;
          calculations[place] = { ...calculations[place], status: "running", progress };
          changed.push(calculations[place]);
        }
        const ids = calculations.map((one) => one.id);
        return written("changes", { calculations: changed, ids, next: null });
      };
      window.stream.events = (count) => {
        controller.enqueue(encoder.encode(Array.from({ length: count }, event).join("")));
        return calculations[0].id;
      };
    },
  });
  return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
};
"""

#: What came at once is drawn before more comes.
SEND = """async ([count, atOnce]) => {
  for (let number = 0; number < count; number++) {
    const newest = window.stream.events(atOnce);
    // The next come when these are on the page.
    while (document.querySelector("tbody tr").dataset.id !== newest) {
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
}"""


def used(session):
    """Return the bytes of live objects, and the numbers of nodes and listeners."""
    for _ in range(2):
        session.send("HeapProfiler.collectGarbage")
    counters = session.send("Memory.getDOMCounters")
    heap = session.send("Runtime.getHeapUsage")["usedSize"]
    return heap, counters["nodes"], counters["jsEventListeners"]


def test_the_list_is_as_large_after_an_hour_of_events_as_before(page, service):
    clear(service.engine)
    store_many(service.engine, ROWS, "running")
    page.add_init_script(STREAM)
    page.goto(f"{service.url}/?limit={ROWS}")
    expect(page.locator("tbody tr")).to_have_count(ROWS)
    session = page.context.new_cdp_session(page)
    page.evaluate(SEND, [WARM_UP, AT_ONCE])
    heap, nodes, listeners = used(session)
    page.evaluate(SEND, [EVENTS, AT_ONCE])
    assert page.evaluate("window.stream.number") == (WARM_UP + EVENTS) * AT_ONCE
    heap_then, nodes_then, listeners_then = used(session)
    assert page.locator("tbody tr").count() == ROWS
    assert heap_then - heap < MAX_GROWN_BYTES, (heap, heap_then)
    assert nodes_then - nodes < ROWS
    assert listeners_then - listeners < ROWS / 2
