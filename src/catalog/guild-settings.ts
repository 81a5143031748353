/** Settings of each Discord server. A server without settings has the defaults. */
import type { Database } from './database.ts';

export interface GuildSettingsEntry {
  /** The channel for shared results; null: the channel of the query. */
  readonly shareChannelId: string | null;
  /** Whether replies are visible to the user alone, unless the query sets it. */
  readonly private: boolean;
  /** Number of results when the query sets none; null: the program's default. */
  readonly results: number | null;
}

const defaults: GuildSettingsEntry = { shareChannelId: null, private: false, results: null };

const upsert = `
INSERT INTO guild_settings (guild_id, share_channel_id, private, results)
VALUES ($guildId, $shareChannelId, $private, $results)
ON CONFLICT (guild_id) DO UPDATE SET share_channel_id = $shareChannelId, private = $private, results = $results`;

export class GuildSettings {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  get(guildId: string): GuildSettingsEntry {
    const row = this.#database.get('SELECT * FROM guild_settings WHERE guild_id = ?', guildId);
    if (row === undefined) return defaults;
    return {
      shareChannelId: row.share_channel_id === null ? null : String(row.share_channel_id),
      private: row.private === 1,
      results: row.results === null ? null : Number(row.results),
    };
  }

  /** Ids of the servers with settings. */
  guildIds(): string[] {
    return this.#database.all('SELECT guild_id FROM guild_settings').map((row) => String(row.guild_id));
  }

  delete(guildId: string): void {
    this.#database.write('DELETE FROM guild_settings WHERE guild_id = ?', guildId);
  }

  /** Changes the given settings and keeps the others.
   *  @returns the settings after the change */
  set(guildId: string, changes: Partial<GuildSettingsEntry>): GuildSettingsEntry {
    return this.#database.transaction(() => {
      const entry = { ...this.get(guildId), ...changes };
      this.#database.write(upsert, { ...entry, guildId, private: entry.private ? 1 : 0 });
      return entry;
    });
  }
}
