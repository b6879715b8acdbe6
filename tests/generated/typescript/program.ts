// An integrator's program on the types that openapi-typescript makes of openapi.yaml, with openapi-fetch.
//
// Called with the address of a service and a token that may edit; says what it saw as JSON.

import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Schemas = components["schemas"];
type Problem = Schemas["Problem"];
type EventChange = Schemas["EventChange"];

const [address, token] = process.argv.slice(2);
// Named media types are those whose types are wanted: the files that some operations give besides are left out.
const client = createClient<paths, "application/json" | "application/problem+json">({
  baseUrl: address,
  headers: { Authorization: `Bearer ${token}` },
});

class Refused extends Error {
  constructor(readonly problem: Problem) {
    super(problem.title);
  }
  // What kind of problem it is: the end of `/problems#not-found`.
  get kind(): string {
    return this.problem.type.split("#")[1] ?? "";
  }
  // Where the faults are: pointers into the body, or names of parameters.
  get places(): string[] {
    return (this.problem.errors ?? []).map((fault) => fault.pointer ?? fault.parameter ?? "");
  }
}

// What was asked for; a problem is thrown.
function taken<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.error !== undefined || answer.data === undefined) throw new Refused(answer.error!);
  return answer.data;
}

// The problem that the service answered with.
function refused(answer: { error?: Problem; response: Response }): Refused {
  if (answer.error === undefined) throw new Error(`${answer.response.status} is no problem`);
  return new Refused(answer.error);
}

// Every event that several filters find, page by page, with the page that has the names for it.
async function* foundEvents(): AsyncGenerator<[Schemas["Event"], Schemas["EventPage"]]> {
  let cursor: string | undefined;
  do {
    const page: Schemas["EventPage"] = taken(
      await client.GET("/v1/events", {
        params: {
          query: {
            actor: ["north-korea", "russia"],
            date_from: "2023",
            date_match: "overlaps",
            occurrence: ["occurred", "ongoing"],
            limit: 4,
            cursor,
          },
        },
      }),
    );
    for (const event of page.items) yield [event, page];
    cursor = page.next ?? undefined;
  } while (cursor !== undefined);
}

// Every change after a sequence, page by page.
async function* changesAfter(after: number): AsyncGenerator<Schemas["FeedItem"]> {
  for (let more = true; more; ) {
    const page: Schemas["ChangePage"] = taken(
      await client.GET("/v1/changes", { params: { query: { after, limit: 100 } } }),
    );
    yield* page.items;
    ({ after, more } = page);
  }
}

// Changes of events as they are made: `parseAs: "stream"` gives the open answer, an event a few lines at a time.
async function* streamedEvents(after: number): AsyncGenerator<EventChange> {
  const { response } = await client.GET("/v1/changes/stream", {
    params: { header: { "Last-Event-ID": String(after) } },
    parseAs: "stream",
  });
  let rest = "";
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith("data: ") || !line.includes('"entity"')) continue;
      const change = JSON.parse(line.slice(6)) as Schemas["FeedItem"];
      if (change.entity === "event") yield change;
    }
  }
}

// What is refused: an edit of what has changed meanwhile, wrong parameters and bodies, and what is not there.
async function refusals(id: string, staleTag: string): Promise<Record<string, Refused>> {
  return {
    stale: refused(
      await client.PATCH("/v1/events/{event_id}", {
        params: { path: { event_id: id }, header: { "If-Match": staleTag } },
        body: { title: "Too late" },
      }),
    ),
    parameter: refused(await client.GET("/v1/events", { params: { query: { date_from: "2024-13" } } })),
    body: refused(
      await client.POST("/v1/events", {
        body: { title: "No such month", kind: "talks", date: "2024-13", state: "draft" },
      }),
    ),
    absent: refused(await client.GET("/v1/events/{event_id}", { params: { path: { event_id: randomUUID() } } })),
  };
}

const ids: string[] = [];
const names: Record<string, string | undefined> = {};
const shown: Record<string, string> = {};
for await (const [event, page] of foundEvents()) {
  ids.push(event.id);
  shown[event.date] = event.when.display;
  for (const actor of event.actors) names[actor.id] = page.included.actors[actor.id]?.name;
}

const head = taken(await client.GET("/v1/changes/head")).sequence;
const body: Schemas["EventIn"] = {
  title: "Talks are said to have begun",
  summary: "Nobody says where.",
  kind: "talks",
  date: "2024-06",
  occurrence: "ongoing",
  state: "draft",
  actors: [{ id: "North Korea", role: "participant" }],
};
const key = randomUUID();
const create = () => client.POST("/v1/events", { params: { header: { "Idempotency-Key": key } }, body });
const answers = [await create(), await create()] as const;
const created = answers.map((answer) => taken(answer));
const firstTag = answers[0].response.headers.get("ETag")!;
const id = created[0]!.id;

// What is left out stays; null takes the summary away.
const updated = taken(
  await client.PATCH("/v1/events/{event_id}", {
    params: { path: { event_id: id }, header: { "If-Match": firstTag } },
    body: { summary: null, change: { type: "correction", reason: "It was a rumour." } },
  }),
);
const refusalsSeen = await refusals(id, firstTag);

const followed: [Schemas["ChangeType"], string | null][] = [];
for await (const change of changesAfter(head)) {
  if (change.entity === "event" && change.id === id) followed.push([change.type, change.document?.date ?? null]);
}
const streamed: Schemas["ChangeType"][] = [];
for await (const change of streamedEvents(head)) {
  streamed.push(change.type);
  if (change.sequence === updated.sequence) break;
}
const again = taken(await client.GET("/v1/events/{event_id}", { params: { path: { event_id: id } } }));

console.log(
  JSON.stringify({
    ids,
    names,
    shown,
    created: created.map((event) => event.id),
    read: {
      date: again.date,
      earliest: again.when.earliest,
      latest: again.when.latest,
      precision: again.when.precision,
      occurrence: again.occurrence,
      summary: again.summary,
      kind: again.kind,
      actors: again.actors.map((actor) => actor.id),
      created_at: again.created_at,
      revision: again.revision,
    },
    refused: Object.fromEntries(
      Object.entries(refusalsSeen).map(([name, error]) => [
        name,
        [error.kind, error.problem.status, error.places, error.problem.current_revision ?? null],
      ]),
    ),
    followed,
    streamed,
  }),
);
