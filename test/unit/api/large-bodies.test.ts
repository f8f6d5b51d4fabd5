import fc from 'fast-check';
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import { hasMoreFields, largeBodiesInTurns, MAX_FIELDS } from '../../../electron/api/large-bodies.ts';

function fieldsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  const own = Array.isArray(value) ? 0 : Object.keys(value).length;
  return Object.values(value).reduce((sum: number, one) => sum + fieldsOf(one), own);
}

test('fields are counted, colons in texts are not', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.integer({ min: 0, max: 8 }), (value, most) => {
      expect(hasMoreFields(JSON.stringify(value), most)).toBe(fieldsOf(value) > most);
    }),
  );
  expect(hasMoreFields('{"a\\\\":":::\\"::","b":1}', 2)).toBe(false);
  expect(hasMoreFields('"unfinished: :::::', 2)).toBe(false);
});

test('too many fields are refused before anybody parses them; what is large otherwise comes through', async () => {
  const app = new Hono();
  app.use(largeBodiesInTurns);
  app.post('/', async (c) => c.json({ fields: Object.keys(await c.req.json<object>()).length }));
  app.onError((error, c) => c.text(error.message, 400));
  const post = (body: unknown): Promise<Response> =>
    Promise.resolve(app.request('/', { method: 'POST', body: JSON.stringify(body) }));
  const many = Object.fromEntries(Array.from({ length: MAX_FIELDS + 1 }, (_, i) => [`k${i}`, 1]));
  expect(await (await post(many)).text()).toContain('more than 20000 fields');
  expect(await (await post({ text: 'x:'.repeat(100_000), ids: Array(50_000).fill(1) })).json()).toEqual({ fields: 2 });
});
