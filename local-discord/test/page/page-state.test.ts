import { expect, test } from 'vitest';
import { readAddress, writeAddress } from '../../page/state/address.ts';
import { localUrl } from '../../page/state/local-url.ts';
import { type Action, emptyView, notResponding, reduceView, type View } from '../../page/state/page-state.ts';
import type { PageEvent, PageMessage } from '../../page-protocol.ts';

const openChannelId = '1';
const reduce = (...actions: readonly Action[]): View => actions.reduce(reduceView, emptyView);
const happened = (event: PageEvent): Action => ({ type: 'event', event, openChannelId });
const message = (id: string, content = '', edited: string | null = null) =>
  ({ id, content, edited_timestamp: edited, author: { id: '9' } }) as PageMessage;
const created = (id: string, channelId = openChannelId) =>
  happened({ type: 'message-created', channelId, message: message(id) });
const press: Action = {
  type: 'sent',
  key: 1,
  channelId: openChannelId,
  cause: { kind: 'component', messageId: '5', customId: 'more' },
};
const accepted: Action = { type: 'accepted', key: 1, interactionId: '77' };

test('keeps messages in the order of their ids, however they arrive', () => {
  const view = reduce(created('10'), created('9'), created('100'));
  expect(view.messages.get('1')?.map(({ id }) => id)).toEqual(['9', '10', '100']);
});

test('replaces updated messages and removes deleted ones', () => {
  const update = happened({ type: 'message-updated', channelId: '1', message: message('10', 'new') });
  const deletion = happened({ type: 'message-deleted', channelId: '1', messageId: '11' });
  const view = reduce(created('10'), created('11'), update, deletion);
  expect(view.messages.get('1')).toEqual([message('10', 'new')]);
});

test('keeps messages of events that arrive before the list', () => {
  const edit = happened({
    type: 'message-updated',
    channelId: '1',
    message: message('10', 'edited', '2026-01-01T00:00:01Z'),
  });
  const loaded: Action = { type: 'messages-loaded', channelId: '1', messages: [message('10', 'before')] };
  const view = reduce(edit, created('11'), loaded);
  expect(view.messages.get('1')?.map(({ id, content }) => [id, content])).toEqual([
    ['10', 'edited'],
    ['11', ''],
  ]);
});

test('marks a channel that is not open as unread until it is seen', () => {
  const view = reduce(created('10', '2'), created('11', '1'));
  expect([...view.unread]).toEqual(['2']);
  expect(reduceView(view, { type: 'channel-seen', channelId: '2' }).unread.size).toBe(0);
});

test('waits for the answer to a press, also when it arrives before the response', () => {
  const answered = happened({ type: 'interaction-answered', interactionId: '77' });
  expect(reduce(press, accepted).pending).toHaveLength(1);
  expect(reduce(press, accepted, answered).pending).toEqual([]);
  expect(reduce(press, answered, accepted).pending).toEqual([]);
});

test('shows why a press failed until the next press', () => {
  const failed = happened({ type: 'interaction-failed', interactionId: '77', messageId: '5' });
  for (const view of [reduce(press, accepted, failed), reduce(press, failed, accepted)]) {
    expect(view.pending).toMatchObject([{ failure: notResponding }]);
    expect(reduceView(view, { ...press, key: 2 }).pending).toMatchObject([{ key: 2, failure: null }]);
  }
  expect(reduce(press, { type: 'refused', key: 1, reason: 'No.' }).pending).toMatchObject([{ failure: 'No.' }]);
});

test('reads the address that it writes; an unknown language becomes English', () => {
  const address = { userId: '12', channelId: '34', locale: 'de' } as const;
  expect(readAddress(writeAddress(address))).toEqual(address);
  expect(readAddress('?locale=xx')).toEqual({ userId: '', channelId: '', locale: 'en-GB' });
});

test('fetches only URLs of this machine, by their path', () => {
  expect(localUrl('http://127.0.0.1:4000/attachments/1/a.png?ex=1')).toBe('/attachments/1/a.png?ex=1');
  expect(localUrl('http://localhost/a')).toBe('/a');
  for (const url of [
    'https://a.example/b.png',
    'attachment://a.png',
    'file:///etc/passwd',
    'http://127.0.0.1.a.example/',
  ]) {
    expect(localUrl(url)).toBeNull();
  }
});
