/** Posts a button in the bot's name, as an older message or another user's would hold it. */
import type { APIMessage } from 'discord-api-types/v10';
import type { LocalDiscord } from '../../../local-discord/local-discord.ts';
import { asABot } from './asking.ts';

export async function postButton(discord: LocalDiscord, customId: string, label: string): Promise<APIMessage> {
  const { apiUrl, token, defaultChannelId } = discord;
  const row = { type: 1, components: [{ type: 2, style: 2, custom_id: customId, label }] };
  const response = await fetch(`${apiUrl}/v10/channels/${defaultChannelId}/messages`, {
    method: 'POST',
    headers: { ...asABot, authorization: `Bot ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ content: 'an older message', components: [row] }),
  });
  return (await response.json()) as APIMessage;
}
