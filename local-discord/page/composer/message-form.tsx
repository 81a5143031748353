/** The text field for messages. A slash at its start lists the commands. */
import { type KeyboardEvent, type ReactNode, useEffect, useRef, useState } from 'react';
import { formatSize } from '../message/media.ts';
import { usePageContext } from '../page-context.ts';
import { type ListKeys, useListKeys } from '../use-list-keys.ts';
import { type CommandEntry, findCommands } from './commands.ts';
import type { Offer } from './composer.tsx';

interface MessageFormProps {
  /** The field takes the focus after a command. */
  readonly isFocused: boolean;
  readonly draft: string;
  readonly files: readonly File[];
  readonly entries: readonly CommandEntry[];
  /** Commands that could take the files. */
  readonly offers: readonly Offer[];
  onDraft(draft: string): void;
  onFiles(files: readonly File[]): void;
  onCommand(entry: CommandEntry, file: File | null): void;
}

export function MessageForm(props: MessageFormProps): ReactNode {
  const { isFocused, draft, files, entries, offers, onDraft, onFiles, onCommand } = props;
  const { discord, guild, channels } = usePageContext();
  const [failure, setFailure] = useState('');
  const [isListClosed, setListClosed] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const line = useRef<HTMLTextAreaElement>(null);
  const isListed = draft.startsWith('/') && !draft.includes('\n') && !isListClosed;
  const found = isListed ? findCommands(entries, draft.slice(1)) : [];
  const take = (index: number): void => {
    const entry = found[index];
    if (entry) onCommand(entry, null);
  };
  const keys = useListKeys({
    count: found.length,
    isOpen: isListed && found.length > 0,
    first: 0,
    onTake: take,
    onLeave: () => setListClosed(true),
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: once, when the form appears
  useEffect(() => {
    // On a phone, the keyboard would cover the answer.
    if (isFocused && matchMedia('(hover: hover)').matches) line.current?.focus();
  }, []);
  const place = `${guild ? '#' : '@'}${channels.get(discord.channelId)?.name ?? ''}`;

  const send = async (): Promise<void> => {
    if (draft.trim() === '' && files.length === 0) return;
    try {
      await discord.post(draft, files);
      onDraft('');
      onFiles([]);
      setFailure('');
    } catch (error) {
      setFailure((error as Error).message);
    }
  };
  const change = (text: string): void => {
    setListClosed(false);
    const wholly = text.endsWith(' ') ? onlyCommand(entries, text.slice(1)) : null;
    if (text.startsWith('/') && wholly) onCommand(wholly, null);
    else onDraft(text);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (keys.onKeyDown(event)) return;
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    void send();
  };

  return (
    <form
      className="composer"
      aria-label="Message"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      {isListed && <CommandList entries={found} keys={keys} onTake={take} />}
      {files.length > 0 && <Files files={files} offers={offers} onFiles={onFiles} onCommand={onCommand} />}
      {failure !== '' && (
        <p className="failure" role="alert">
          {failure}
        </p>
      )}
      <div className="composer-row">
        <input
          ref={picker}
          type="file"
          multiple
          hidden
          aria-label="Files to send"
          onChange={({ target }) => {
            onFiles([...files, ...(target.files ?? [])]);
            target.value = '';
          }}
        />
        <button type="button" className="round" aria-label="Attach files" onClick={() => picker.current?.click()}>
          +
        </button>
        <textarea
          ref={line}
          rows={1}
          value={draft}
          placeholder={`/ for commands, or write to ${place}`}
          aria-label={`Message ${place}`}
          role="combobox"
          aria-expanded={isListed}
          aria-controls={keys.listId}
          aria-autocomplete="list"
          aria-activedescendant={isListed && keys.active >= 0 ? keys.idOf(keys.active) : undefined}
          onChange={({ target }) => change(target.value)}
          onKeyDown={onKeyDown}
        />
        <button type="submit" className="round send" aria-label="Send">
          ➤
        </button>
      </div>
    </form>
  );
}

type FilesProps = Pick<MessageFormProps, 'files' | 'offers' | 'onFiles' | 'onCommand'>;

function Files({ files, offers, onFiles, onCommand }: FilesProps): ReactNode {
  return (
    <div className="draft-files">
      {files.map((file, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the same file may be in the list twice
        <div key={i} className="draft-file">
          <span className="file-mark" aria-hidden="true">
            ♪
          </span>
          <span className="draft-file-name">
            {file.name} <small>{formatSize(file.size)}</small>
          </span>
          <button
            type="button"
            className="remove"
            aria-label={`Remove ${file.name}`}
            onClick={() => onFiles(files.filter((_, at) => at !== i))}
          >
            ×
          </button>
        </div>
      ))}
      {offers.map(({ entry, optionTitle, file }) => (
        <button
          key={`${entry.name} ${file.name}`}
          type="button"
          className="button primary"
          onClick={() => onCommand(entry, file)}
        >
          Use with /{entry.title} {optionTitle}:
        </button>
      ))}
    </div>
  );
}

/** "/similar " opens the command; "/library " does not yet name a subcommand. */
function onlyCommand(entries: readonly CommandEntry[], typed: string): CommandEntry | null {
  const wanted = typed.trimEnd().toLowerCase();
  return entries.find(({ title, name }) => title.toLowerCase() === wanted || name === wanted) ?? null;
}

interface CommandListProps {
  readonly entries: readonly CommandEntry[];
  readonly keys: ListKeys;
  onTake(index: number): void;
}

/** The commands that match the text after the slash. The text field keeps the focus and receives the keys. */
function CommandList({ entries, keys, onTake }: CommandListProps): ReactNode {
  return (
    <div className="popover" role="listbox" id={keys.listId} aria-label="Commands">
      {entries.length === 0 && <p className="popover-empty">No command of that name.</p>}
      {entries.map((entry, i) => (
        // biome-ignore lint/a11y/useKeyWithClickEvents: see above
        <div
          key={entry.name}
          id={keys.idOf(i)}
          role="option"
          tabIndex={-1}
          aria-selected={i === keys.active}
          className={`popover-option${i === keys.active ? ' active' : ''}`}
          onClick={() => onTake(i)}
          onPointerMove={() => keys.setActive(i)}
        >
          <strong>/{entry.title}</strong>
          <span className="option-names">{entry.options.map(({ title }) => title).join('  ')}</span>
          <small>{entry.description}</small>
        </div>
      ))}
    </div>
  );
}
