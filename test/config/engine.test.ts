/** The combinations of variables that select the inference engine. */
import { describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { forgetSecrets } from '../../src/config/secrets.ts';

const engineOf = (environment: Record<string, string>) => readConfig(environment, '/x').engine;
const databricks = 'https://dbc-1.cloud.databricks.com/serving-endpoints/clap/invocations';
const routed = 'https://abc.serving.cloud.databricks.com/123/serving-endpoints/clap/invocations';

describe('the inference engine', () => {
  test('runs on this machine by default', () => {
    expect(engineOf({})).toEqual({ type: 'onnx' });
    // Other programs may have set it.
    expect(engineOf({ DATABRICKS_TOKEN: 'x', DATABRICKS_HOST: 'https://dbc-1.cloud.databricks.com' })).toEqual({
      type: 'onnx',
    });
  });

  test('can be an Open Inference Protocol server', () => {
    const url = 'http://triton:8000';
    expect(engineOf({ EMBEDDING_ENGINE: 'open-inference', OPEN_INFERENCE_URL: url })).toEqual({
      type: 'open-inference',
      url,
      model: null,
      token: null,
      requestsMax: 4,
    });
    const all = { OPEN_INFERENCE_MODEL: 'clap/versions/2', OPEN_INFERENCE_TOKEN: 't', REMOTE_REQUESTS: '9' };
    expect(engineOf({ EMBEDDING_ENGINE: 'open-inference', OPEN_INFERENCE_URL: url, ...all })).toEqual({
      type: 'open-inference',
      url,
      model: 'clap/versions/2',
      token: 't',
      requestsMax: 9,
    });
  });

  test("can be MLflow's own server, to try a model", () => {
    const url = 'http://127.0.0.1:5001/invocations';
    const environment = { EMBEDDING_ENGINE: 'databricks', DATABRICKS_URL: url, DATABRICKS_TOKEN: 't' };
    expect(engineOf(environment)).toMatchObject({ type: 'databricks', url });
  });

  test('can be a Databricks endpoint, with a token or client credentials', () => {
    const base = { EMBEDDING_ENGINE: 'databricks', DATABRICKS_URL: databricks };
    expect(engineOf({ ...base, DATABRICKS_TOKEN: 't' })).toMatchObject({ url: databricks, access: { token: 't' } });
    const client = { DATABRICKS_CLIENT_ID: 'i', DATABRICKS_CLIENT_SECRET: 's' };
    expect(engineOf({ ...base, ...client })).toMatchObject({
      access: { workspaceUrl: 'https://dbc-1.cloud.databricks.com', clientId: 'i', clientSecret: 's' },
    });
    const host = 'https://dbc-2.cloud.databricks.com';
    expect(engineOf({ ...base, ...client, DATABRICKS_URL: routed, DATABRICKS_HOST: host })).toMatchObject({
      url: routed,
      access: { workspaceUrl: host },
    });
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['no such engine', { EMBEDDING_ENGINE: 'triton' }, /EMBEDDING_ENGINE.*triton/],
    ['a server without an address', { EMBEDDING_ENGINE: 'open-inference' }, /OPEN_INFERENCE_URL.*needs it/],
    [
      'an address without its engine',
      { OPEN_INFERENCE_URL: 'http://x' },
      /OPEN_INFERENCE_URL.*EMBEDDING_ENGINE is onnx/,
    ],
    [
      'a model that is a path',
      { EMBEDDING_ENGINE: 'open-inference', OPEN_INFERENCE_URL: 'http://x', OPEN_INFERENCE_MODEL: 'a/b' },
      /OPEN_INFERENCE_MODEL/,
    ],
    [
      'a password in the address',
      { EMBEDDING_ENGINE: 'open-inference', OPEN_INFERENCE_URL: 'http://a:b@x' },
      /without user and password/,
    ],
    [
      'an endpoint without an address or a token',
      { EMBEDDING_ENGINE: 'databricks' },
      /DATABRICKS_URL[\s\S]*DATABRICKS_TOKEN/,
    ],
    [
      'a token and client credentials',
      { DATABRICKS_URL: databricks, DATABRICKS_TOKEN: 't', DATABRICKS_CLIENT_ID: 'i', DATABRICKS_CLIENT_SECRET: 's' },
      /got both/,
    ],
    [
      'half of client credentials',
      { DATABRICKS_URL: databricks, DATABRICKS_CLIENT_ID: 'i' },
      /CLIENT_SECRET: .*needs it/,
    ],
    [
      'a secret over plain http',
      { DATABRICKS_URL: databricks.replace('https', 'http'), DATABRICKS_TOKEN: 't' },
      /https/,
    ],
    ['a workspace for an endpoint', { DATABRICKS_URL: 'https://dbc-1.x', DATABRICKS_TOKEN: 't' }, /\/invocations, got/],
    [
      'a route-optimised address without the workspace',
      { DATABRICKS_URL: routed, DATABRICKS_CLIENT_ID: 'i', DATABRICKS_CLIENT_SECRET: 's' },
      /DATABRICKS_HOST/,
    ],
  ])('is refused at start: %s', (_, environment, words) => {
    const engine: Record<string, string> = environment.DATABRICKS_URL ? { EMBEDDING_ENGINE: 'databricks' } : {};
    expect(() => readConfig({ ...engine, ...environment }, '/x')).toThrow(words);
  });
});

test('removes secrets before child processes inherit the environment', () => {
  const environment = { PATH: '/bin', OPEN_INFERENCE_TOKEN: 'a', DATABRICKS_TOKEN: 'b', DATABRICKS_CLIENT_SECRET: 'c' };
  forgetSecrets(environment);
  expect(environment).toEqual({ PATH: '/bin' });
});
