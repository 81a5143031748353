import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type QueryLimits, QueryQueue } from '../../src/answering/query-queue.ts';

const roomy: QueryLimits = { atOnce: 1, waitingMax: 100, waitingMaxServer: 100, waitingMaxPerson: 2, cooldownMs: 0 };

/** Lets pending promises settle. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

interface Query {
  readonly name: string;
  readonly personId: string;
  readonly serverId: string | null;
  /** Number among its user's queries in this test, from 0. */
  readonly nth: number;
  readonly places: number[];
  readonly abort: AbortController;
  state: 'waiting' | 'running' | 'over' | 'refused';
  error: unknown;
  turn: Disposable | null;
}

/** A queue with its users. */
class Scene {
  nowMs = 1_000_000;
  readonly queue: QueryQueue;
  readonly queries: Query[] = [];
  /** Names in the order of their turns. */
  readonly turns: string[] = [];

  constructor(limits: Partial<QueryLimits> = {}) {
    this.queue = new QueryQueue({ ...roomy, ...limits }, () => this.nowMs);
  }

  enter(personId: string, serverId: string | null = 'server'): Query {
    const nth = this.queries.filter((each) => each.personId === personId && each.state !== 'refused').length;
    const query: Query = {
      name: `${personId}${nth + 1}`,
      ...{ personId, serverId, nth, places: [], abort: new AbortController() },
      ...{ state: 'waiting', error: null, turn: null },
    };
    this.queries.push(query);
    const onPlace = (place: number) => query.places.push(place);
    this.queue.enter({ personId, serverId }, { onPlace, signal: query.abort.signal }).then(
      (turn) => {
        this.turns.push(query.name);
        Object.assign(query, { state: 'running', turn });
      },
      (error: unknown) => Object.assign(query, { state: 'refused', error }),
    );
    return query;
  }

  in(state: Query['state']): Query[] {
    return this.queries.filter((each) => each.state === state);
  }

  async finish(query: Query | undefined): Promise<void> {
    query?.turn?.[Symbol.dispose]();
    if (query) query.state = 'over';
    await settle();
  }

  async finishAll(): Promise<void> {
    for (let next = this.in('running')[0]; next; next = this.in('running')[0]) await this.finish(next);
  }
}

const fails = (code: string, facts: object = {}) =>
  expect.objectContaining({ code, facts: expect.objectContaining(facts) });

describe('the queue', () => {
  test('starts a query at once when there is room, without reporting a place', async () => {
    const scene = new Scene({ atOnce: 2 });
    const [a, b] = [scene.enter('a'), scene.enter('b')];
    await settle();
    expect([a.state, b.state, a.places, b.places]).toEqual(['running', 'running', [], []]);
  });

  test("gives turns in rounds: a user's three queries do not all go before another user's one", async () => {
    const scene = new Scene();
    for (const person of ['a', 'a', 'a', 'b', 'c', 'c']) scene.enter(person);
    await settle();
    await scene.finishAll();
    expect(scene.turns).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  });

  test('puts a new user first who had no turn in this round', async () => {
    const scene = new Scene();
    for (const person of ['a', 'a', 'a']) scene.enter(person);
    await settle();
    await scene.finish(scene.in('running')[0]);
    scene.enter('b');
    await settle();
    await scene.finishAll();
    expect(scene.turns).toEqual(['a1', 'a2', 'b1', 'a3']);
  });

  test('lets no user save up turns', async () => {
    const scene = new Scene();
    for (let round = 0; round < 10; round++) {
      scene.enter('a');
      await settle();
      await scene.finishAll();
    }
    for (const person of ['x', 'b', 'a', 'b', 'a']) scene.enter(person);
    await settle();
    await scene.finishAll();
    expect(scene.turns.slice(10)).toEqual(['x1', 'b1', 'a11', 'b2', 'a12']);
  });

  test('reports places, and again whenever they change', async () => {
    const scene = new Scene();
    const [, a2, a3, b1] = [scene.enter('a'), scene.enter('a'), scene.enter('a'), scene.enter('b')];
    await settle();
    expect([a2.places, a3.places, b1.places]).toEqual([[1, 2], [2, 3], [1]]);
    await scene.finish(scene.in('running')[0]);
    expect([a2.places, a3.places, b1.places]).toEqual([[1, 2, 1], [2, 3, 2], [1]]);
    a2.abort.abort(new Error('gave up'));
    await settle();
    expect(a2).toMatchObject({ state: 'refused', error: new Error('gave up') });
    expect(a3.places).toEqual([2, 3, 2, 1]);
  });

  test('lets one query of a user run and two wait', async () => {
    const scene = new Scene({ atOnce: 5 });
    const queries = ['a', 'a', 'a', 'a'].map((person) => scene.enter(person));
    await settle();
    expect(queries.map(({ state }) => state)).toEqual(['running', 'waiting', 'waiting', 'refused']);
    expect(queries[3]?.error).toEqual(fails('busy-person', { waitingMax: 2 }));
    await scene.finish(queries[0]);
    expect(scene.enter('a').state).toBe('waiting');
  });

  test('limits the waiting queries of one server, but not of direct messages', async () => {
    const scene = new Scene({ waitingMaxServer: 1 });
    const came = [scene.enter('a', 's'), scene.enter('b', 's'), scene.enter('c', 's'), scene.enter('d', 't')];
    const direct = [scene.enter('e', null), scene.enter('f', null)];
    await settle();
    expect(came.map(({ state }) => state)).toEqual(['running', 'waiting', 'refused', 'waiting']);
    expect(came[2]?.error).toEqual(fails('busy-server', { waitingMax: 1 }));
    expect(direct.map(({ state }) => state)).toEqual(['waiting', 'waiting']);
  });

  test('limits all waiting queries', async () => {
    const scene = new Scene({ waitingMax: 1 });
    const came = ['a', 'b', 'c'].map((person) => scene.enter(person));
    await settle();
    expect(came.map(({ state }) => state)).toEqual(['running', 'waiting', 'refused']);
    expect(came[2]?.error).toEqual(fails('busy-bot', { waitingMax: 1 }));
  });

  test('refuses to queue when the limit is 0', async () => {
    const scene = new Scene({ waitingMax: 0 });
    const came = ['a', 'b'].map((person) => scene.enter(person));
    await settle();
    expect(came.map(({ state }) => state)).toEqual(['running', 'refused']);
  });

  test('estimates the retry time from earlier turns', async () => {
    const scene = new Scene({ waitingMax: 1 });
    const refusedFor = async () => {
      for (const person of ['w', 'x', 'y']) scene.enter(person);
      await settle();
      const refusal = scene.queries.at(-1)?.error as { facts: { retryAtMs: number } };
      await scene.finishAll();
      return refusal.facts.retryAtMs - scene.nowMs;
    };
    const before = await refusedFor();
    for (let round = 0; round < 50; round++) {
      const query = scene.enter('slow');
      await settle();
      scene.nowMs += 60_000;
      await scene.finish(query);
    }
    expect(before).toBeGreaterThanOrEqual(1_000);
    expect(before).toBeLessThanOrEqual(5_000);
    expect(await refusedFor()).toBeGreaterThan(50_000);
  });

  test("refuses a query during the user's cooldown, with the retry time", async () => {
    const scene = new Scene({ cooldownMs: 3_000, atOnce: 2 });
    scene.enter('a');
    scene.nowMs += 2_999;
    const early = scene.enter('a');
    const other = scene.enter('b');
    await settle();
    expect(early.error).toEqual(fails('cooling-down', { retryAtMs: scene.nowMs + 1 }));
    expect(other.state).toBe('running');
    scene.nowMs += 1;
    const late = scene.enter('a');
    await settle();
    expect(late.state, 'a refusal does not begin it anew').toBe('waiting');
  });

  test('closes: refuses new and waiting queries, and running ones continue', async () => {
    const scene = new Scene();
    const [running, waiting] = [scene.enter('a'), scene.enter('b')];
    await settle();
    scene.queue.close(new Error('stopping'));
    const late = scene.enter('c');
    await settle();
    expect([running.state, waiting.state, late.state]).toEqual(['running', 'refused', 'refused']);
    expect([waiting.error, late.error]).toEqual([new Error('stopping'), new Error('stopping')]);
    await scene.finish(running);
    expect(scene.queue.counts).toEqual({ running: 0, waiting: 0 });
  });

  test('drops a query that was aborted before its turn', async () => {
    const scene = new Scene({ cooldownMs: 1_000 });
    const gaveUp = AbortSignal.abort(new Error('gave up'));
    await expect(
      scene.queue.enter({ personId: 'a', serverId: null }, { onPlace: () => {}, signal: gaveUp }),
    ).rejects.toThrow('gave up');
    scene.enter('a');
    await settle();
    expect(scene.turns).toEqual(['a1']);
  });

  test('ends a turn once, however often it is disposed', async () => {
    const scene = new Scene();
    const [a] = [scene.enter('a'), scene.enter('b'), scene.enter('c')];
    await settle();
    await scene.finish(a);
    await scene.finish(a);
    expect(scene.queue.counts).toEqual({ running: 1, waiting: 1 });
  });
});

const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ do: fc.constant('enter' as const), who: fc.nat(5), where: fc.nat(2) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('finish' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), which: fc.nat(9) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(2_000) }) },
);
const anyLimits = fc.record({
  atOnce: fc.integer({ min: 1, max: 3 }),
  waitingMax: fc.nat(6),
  waitingMaxServer: fc.nat(4),
  cooldownMs: fc.constantFrom(0, 1_000),
});

async function play(
  scene: Scene,
  steps: readonly (typeof step extends fc.Arbitrary<infer S> ? S : never)[],
  check: () => void,
) {
  for (const each of steps) {
    if (each.do === 'enter') scene.enter(`person-${each.who}`, each.where === 0 ? null : `server-${each.where}`);
    if (each.do === 'wait') scene.nowMs += each.ms;
    if (each.do === 'abort') scene.in('waiting')[each.which]?.abort.abort(new Error('gave up'));
    if (each.do === 'finish') await scene.finish(scene.in('running')[each.which]);
    await settle();
    check();
  }
}

describe('for any sequence of events', () => {
  test('limits hold, no free place stays unused, and places are right', async () => {
    await fc.assert(
      fc.asyncProperty(anyLimits, fc.array(step, { maxLength: 60 }), async (limits, steps) => {
        const scene = new Scene(limits);
        await play(scene, steps, () => {
          const [running, waiting] = [scene.in('running'), scene.in('waiting')];
          const runners = running.map(({ personId }) => personId);
          expect(scene.queue.counts).toEqual({ running: running.length, waiting: waiting.length });
          expect(running.length).toBeLessThanOrEqual(limits.atOnce);
          expect(new Set(runners).size, 'one of a person runs').toBe(running.length);
          expect(waiting.length).toBeLessThanOrEqual(limits.waitingMax);
          for (const { personId, serverId } of waiting) {
            expect(waiting.filter((each) => each.personId === personId).length).toBeLessThanOrEqual(2);
            const ofServer = waiting.filter((each) => serverId !== null && each.serverId === serverId);
            expect(ofServer.length).toBeLessThanOrEqual(limits.waitingMaxServer);
            if (running.length < limits.atOnce) expect(runners, 'who waits is running already').toContain(personId);
          }
          const places = waiting.map((each) => each.places.at(-1)).sort();
          expect(places).toEqual(waiting.map((_, index) => index + 1));
        });
      }),
      { numRuns: 200 },
    );
  });

  test('every query ends once, and none waits for ever', async () => {
    await fc.assert(
      fc.asyncProperty(anyLimits, fc.array(step, { maxLength: 60 }), async (limits, steps) => {
        const scene = new Scene(limits);
        await play(scene, steps, () => {});
        await scene.finishAll();
        expect(scene.queries.every(({ state }) => state === 'over' || state === 'refused')).toBe(true);
        expect(new Set(scene.turns).size).toBe(scene.turns.length);
        expect(scene.queue.counts).toEqual({ running: 0, waiting: 0 });
      }),
      { numRuns: 200 },
    );
  });

  test('no user gets another turn while an earlier round still waits', async () => {
    const crowd = fc.array(fc.nat(5), { minLength: 1, maxLength: 18 });
    await fc.assert(
      fc.asyncProperty(crowd, fc.integer({ min: 1, max: 3 }), fc.array(fc.nat(2)), async (people, atOnce, order) => {
        const scene = new Scene({ atOnce });
        for (const who of people) scene.enter(`person-${who}`);
        await settle();
        for (let at = 0; scene.in('running').length > 0; at++) {
          const running = scene.in('running');
          const before = scene.turns.length;
          const couldRun = scene.in('waiting').filter(({ personId }) => {
            const own = running.find((each) => each.personId === personId);
            return !own || own === running[(order[at] ?? 0) % running.length];
          });
          await scene.finish(running[(order[at] ?? 0) % running.length]);
          for (const name of scene.turns.slice(before)) {
            const { nth } = scene.queries.find((each) => each.name === name) as Query;
            for (const other of couldRun) expect(nth).toBeLessThanOrEqual(other.nth);
          }
        }
      }),
      { numRuns: 200 },
    );
  });
});
