/** Containers of realistic size. Azurite searches its list of blobs linearly, so creating 50,000
 *  takes hours: here a server answers List Blobs as the service documents it.
 *  @see https://learn.microsoft.com/rest/api/storageservices/list-blobs */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Bench } from '../indexing/helpers.ts';
import { azureLibrary } from '../support/azure-library.ts';

const pageMax = 5000;
let server: Server;
let endpoint = '';
let requests: URL[] = [];
/** Names by container. */
const containers: Readonly<Record<string, readonly string[]>> = {
  attic: Array.from({ length: 50_000 }, (_, at) => name(at, at % 5000 === 17 ? 'mp3' : 'jpg')),
  hall: Array.from({ length: 13_171 }, (_, at) => name(at, 'flac')),
};

function name(at: number, extension: string): string {
  return `shelf ${String(Math.floor(at / 100)).padStart(4, '0')}/${String(at).padStart(6, '0')} & more.${extension}`;
}

function fetchPage(names: readonly string[], from: number, max: number): string {
  const blobs = names.slice(from, from + max).map(
    (each, at) => `<Blob><Name>${each.replace('&', '&amp;')}</Name><Properties>
<Creation-Time>Wed, 01 Oct 2025 10:00:00 GMT</Creation-Time><Last-Modified>Wed, 01 Oct 2025 10:00:00 GMT</Last-Modified>
<Etag>0x8D${(from + at).toString(16).toUpperCase().padStart(12, '0')}</Etag><Content-Length>${1000 + from + at}</Content-Length>
<Content-Type>application/octet-stream</Content-Type><BlobType>BlockBlob</BlobType><LeaseStatus>unlocked</LeaseStatus>
<LeaseState>available</LeaseState></Properties><Metadata /></Blob>`,
  );
  const next = from + max < names.length ? `page ${from + max}` : '';
  return `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ServiceEndpoint="${endpoint}" ContainerName="x">
<MaxResults>${max}</MaxResults><Blobs>${blobs.join('')}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`;
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    requests.push(url);
    const names = containers[url.pathname.split('/')[2] ?? ''] ?? [];
    const from = Number((url.searchParams.get('marker') ?? 'page 0').slice(5));
    response.writeHead(200, {
      'content-type': 'application/xml',
      'x-ms-request-id': '0',
      'x-ms-version': '2025-01-05',
    });
    response.end(fetchPage(names, from, Math.min(Number(url.searchParams.get('maxresults') ?? pageMax), pageMax)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}/devstoreaccount1`;
});
afterAll(() => server.close());

test('finds ten recordings among 50,000 blobs, in ten requests', async () => {
  requests = [];
  const { library } = azureLibrary('attic', endpoint);
  const startedMs = performance.now();
  const listed = await Array.fromAsync(library.list());
  console.info(`50,000 blobs in ${Math.round(performance.now() - startedMs)} ms`);
  expect(listed).toHaveLength(10);
  expect(listed[0]).toMatchObject({ key: 'shelf 0000/000017 & more.mp3', sizeBytes: 1017, etag: '0x8D000000000011' });
  expect(requests).toHaveLength(10);
});

test('lists 13,171 recordings in three requests, and none for each', async () => {
  requests = [];
  const { library } = azureLibrary('hall', endpoint);
  const startedMs = performance.now();
  const listed = await Array.fromAsync(library.list());
  console.info(`13,171 recordings in ${Math.round(performance.now() - startedMs)} ms`);
  expect(listed).toHaveLength(13_171);
  expect(requests).toHaveLength(3);
});

test('does nothing for a container without recordings, and says so', async () => {
  const bench = new Bench();
  const { library } = azureLibrary('empty', endpoint);
  const { files, generation } = await bench.run({ library });
  expect(files).toMatchObject({ listed: 0, embedded: 0, failed: 0 });
  expect(generation).toEqual({ kind: 'empty' });
});
