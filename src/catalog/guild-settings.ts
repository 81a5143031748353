/** What each server wants. A server that said nothing has the defaults. */
import type { Database } from './database.ts';

export interface GuildSettingsEntry {
  /** Where finds are shared; null: where they were made. */
  readonly shareChannelId: string | null;
  /** Whether answers are for the asker alone, unless they say otherwise. */
  readonly private: boolean;
  /** Results of a query that names no number; null: the program's default. */
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

  /** Ids of the servers that set anything. */
  guildIds(): string[] {
    return this.#database.all('SELECT guild_id FROM guild_settings').map((row) => String(row.guild_id));
  }

  delete(guildId: string): void {
    this.#database.write('DELETE FROM guild_settings WHERE guild_id = ?', guildId);
  }

  /** Changes what is given and leaves the rest.
   *  @returns what holds now */
  set(guildId: string, changes: Partial<GuildSettingsEntry>): GuildSettingsEntry {
    return this.#database.transaction(() => {
      const entry = { ...this.get(guildId), ...changes };
      this.#database.write(upsert, { ...entry, guildId, private: entry.private ? 1 : 0 });
      return entry;
    });
  }
}
