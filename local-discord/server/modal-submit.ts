/** Submits a modal for a user. Refuses what Discord's app would not send. */
import { ComponentType as C, InteractionType } from 'discord-api-types/v10';
import type { PageInteraction } from '../page-protocol.ts';
import type { Upload } from './attachment-store.ts';
import type { Core } from './core.ts';
import { sendInteraction } from './interaction-payload.ts';
import type { InteractionRecord } from './interaction-record.ts';
import type { Modal } from './modal-rules.ts';
import { RefusedByClient } from './refused-by-client.ts';
import { Resolver } from './resolver.ts';
import type { Channel } from './world.ts';

type ModalSubmit = PageInteraction & { readonly kind: 'modal' };
type Given = ModalSubmit['values'][string];
type Input = Extract<Modal['components'][number], { component: unknown }>['component'];

/** @param files the values of file uploads are indexes into it */
export async function submitModal(
  core: Core,
  userId: string,
  channel: Channel,
  body: ModalSubmit,
  files: readonly Upload[],
): Promise<InteractionRecord> {
  const opened = core.interactions.find(body.interactionId);
  const { modal = null } = opened ?? {};
  if (!opened || !modal || opened.userId !== userId || opened.channelId !== channel.id) {
    throw new RefusedByClient('This form no longer exists.', 404);
  }
  const resolver = new Resolver(core, channel, userId);
  const answer = async (input: Input) => ({
    type: input.type,
    id: input.id,
    custom_id: input.custom_id,
    ...(await fieldValue(input, body.values[input.custom_id], resolver, files)),
  });
  const components = [];
  for (const part of modal.components) {
    const { type, id } = part;
    if ('component' in part) components.push({ type, id, component: await answer(part.component) });
    else if ('components' in part) {
      components.push({ type, id, components: await Promise.all(part.components.map(answer)) });
    } else components.push({ type, id });
  }
  // A modal is submitted once: the app closes it.
  opened.modal = null;
  const source = channel.messages.get(opened.sourceMessageId ?? '');
  return sendInteraction(core, {
    type: InteractionType.ModalSubmit,
    userId,
    channel,
    locale: body.locale,
    openedBy: opened,
    ...(source ? { sourceMessageId: source.id, message: core.presenter.message(source) } : {}),
    data: { custom_id: modal.custom_id, components, ...resolver.resolved() },
  });
}

/** @throws {RefusedByClient} with a sentence for the user */
async function fieldValue(input: Input, given: Given | undefined, resolver: Resolver, files: readonly Upload[]) {
  const isRequired = input.type !== C.Checkbox && (input.required ?? true);
  switch (input.type) {
    case C.TextInput: {
      const value = given === undefined ? (input.value ?? '') : String(given);
      if (value === '' && isRequired) throw new RefusedByClient('This field is required.');
      const { min_length: min, max_length: max } = input;
      if (value.length > (max ?? 4000)) throw new RefusedByClient(`At most ${max ?? 4000} characters.`);
      if (value !== '' && value.length < (min ?? 0)) throw new RefusedByClient(`At least ${min} characters.`);
      return { value };
    }
    case C.Checkbox:
      return { value: typeof given === 'boolean' ? given : Boolean(input.default) };
    case C.RadioGroup: {
      const [value = null] = picked(input, given);
      if (value === null && isRequired) throw new RefusedByClient('Pick one.');
      return { value };
    }
    default: {
      const values = picked(input, given);
      const { min_values: min, max_values: max } = input;
      // An empty list is valid for an optional field.
      const least = values.length === 0 && !isRequired ? 0 : Math.max(min ?? 1, isRequired ? 1 : 0);
      const most = max ?? ('options' in input && input.type === C.CheckboxGroup ? input.options.length : 1);
      if (values.length < least || values.length > most) throw new RefusedByClient(`Pick ${least} to ${most}.`);
      if (input.type === C.FileUpload) {
        return { values: await Promise.all(values.map((value) => resolver.upload(files[Number(value)]))) };
      }
      if (!('options' in input)) for (const value of values) resolver.selected(input.type, value);
      return { values };
    }
  }
}

function picked(input: Input, given: Given | undefined): readonly string[] {
  const preset = 'options' in input ? input.options.filter((each) => each.default).map(({ value }) => value) : [];
  const values = given === undefined ? preset : Array.isArray(given) ? given : [String(given)];
  const isOffered = (value: string) => !('options' in input) || input.options.some((each) => each.value === value);
  if (!values.every(isOffered)) throw new RefusedByClient('This is not one of the options.');
  return values;
}
