/** Sends replies (reply.ts) as Discord messages: the only place that does. */
import {
  AttachmentBuilder,
  type Client,
  type InteractionEditReplyOptions,
  type Message,
  type MessageComponentInteraction,
  type MessageCreateOptions,
  MessageFlags,
  type RepliableInteraction,
  type TextBasedChannel,
} from 'discord.js';
import type { Reply, ReplyFile } from './reply.ts';

/** Edits the acknowledged reply; missing fields are cleared, since the message showed progress before. Large payloads use
 *  this way, because a PATCH that discord.js repeats after a lost response creates no second message. */
export async function editReply(interaction: RepliableInteraction, reply: Reply): Promise<Message> {
  return interaction.editReply({ ...toOptions(reply), attachments: [] } satisfies InteractionEditReplyOptions);
}

/** Changes a message's components and nothing else. */
export async function editComponents(
  interaction: MessageComponentInteraction,
  { components = [] }: Reply,
): Promise<void> {
  await interaction.editReply({ components: [...components] });
}

/** Sends a follow-up message that only the interaction's user sees. */
export async function followUpPrivately(interaction: RepliableInteraction, reply: Reply): Promise<void> {
  await interaction.followUp({ ...toOptions(reply), flags: MessageFlags.Ephemeral });
}

/** Posts an ordinary message.
 *  @param nonce repeated calls with one nonce within minutes create one message; at most 25 characters */
export async function postMessage(client: Client, channelId: string, reply: Reply, nonce: string): Promise<Message> {
  // The shard that runs jobs also posts in servers of other shards.
  const channel = (await client.channels.fetch(channelId, { allowUnknownGuild: true })) as TextBasedChannel | null;
  if (!channel?.isSendable()) throw new RangeError(`Cannot post: channel ${channelId} takes no messages`);
  return channel.send({ ...toOptions(reply), nonce, enforceNonce: true } satisfies MessageCreateOptions);
}

export function toOptions({ content = '', embeds = [], components = [], files = [] }: Reply) {
  return { content, embeds: [...embeds], components: [...components], files: files.map(toAttachment) };
}

function toAttachment({ name, content, description }: ReplyFile): AttachmentBuilder {
  return new AttachmentBuilder('path' in content ? content.path : content.data, { name, description });
}
