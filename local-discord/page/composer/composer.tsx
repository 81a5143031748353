/** The composer: a message, or a command with its options. Receives files that are dropped on the channel. */
import { type ReactNode, useEffect, useState } from 'react';
import { takesFile } from '../../server/file-types.ts';
import { usePageContext } from '../page-context.ts';
import { CommandForm } from './command-form.tsx';
import { type CommandEntry, chatCommands, commandsHere } from './commands.ts';
import { MessageForm } from './message-form.tsx';
import { type Entered, type Filled, OptionType } from './option-values.ts';

export interface OpenCommand {
  readonly entry: CommandEntry;
  /** The visible options, empty ones included. */
  readonly filled: Filled;
}

interface ComposerProps {
  /** The files of the last drop; a new array for each drop. */
  readonly dropped: readonly File[];
}

const empty: Entered = { text: '' };

export function Composer({ dropped }: ComposerProps): ReactNode {
  const { discord, locale, guild } = usePageContext();
  const [command, setCommand] = useState<OpenCommand | null>(null);
  const [draft, setDraft] = useState('');
  const [files, setFiles] = useState<readonly File[]>([]);
  const [isBack, setBack] = useState(false);
  const entries = chatCommands(commandsHere(discord.view.server?.commands ?? [], guild?.id ?? null), locale);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a drop is handled once
  useEffect(() => {
    const [file] = dropped;
    if (!file) return;
    const option = command && attachmentFor(command.entry, file);
    if (command && option) setCommand({ ...command, filled: new Map(command.filled).set(option, { text: '', file }) });
    else setFiles([...files, ...dropped]);
  }, [dropped]);

  const open = (entry: CommandEntry, file: File | null): void => {
    const required = entry.options.filter(({ option }) => option.required);
    const shown = required.length > 0 ? required : entry.options.slice(0, 1);
    const filled = new Map(file ? [] : shown.map(({ option }) => [option.name, empty]));
    const taking = file && attachmentFor(entry, file);
    if (taking && file) filled.set(taking, { text: '', file });
    setCommand({ entry, filled });
    setDraft('');
    if (file) setFiles(files.filter((each) => each !== file));
  };

  if (command) {
    // The language can change while a command is open.
    const entry = entries.find(({ name }) => name === command.entry.name) ?? command.entry;
    return (
      <CommandForm
        entry={entry}
        filled={command.filled}
        onChange={(filled) => setCommand({ entry, filled })}
        onEnd={() => {
          setCommand(null);
          setBack(true);
        }}
      />
    );
  }
  return (
    <MessageForm
      isFocused={isBack}
      draft={draft}
      files={files}
      entries={entries}
      offers={files.flatMap((file) => offersFor(entries, file))}
      onDraft={setDraft}
      onFiles={setFiles}
      onCommand={open}
    />
  );
}

/** A command that accepts the file. */
export interface Offer {
  readonly entry: CommandEntry;
  readonly optionTitle: string;
  readonly file: File;
}

function offersFor(entries: readonly CommandEntry[], file: File): Offer[] {
  return entries.flatMap((entry) => {
    const name = attachmentFor(entry, file);
    const option = entry.options.find((each) => each.option.name === name);
    return option ? [{ entry, optionTitle: option.title, file }] : [];
  });
}

/** @returns the name of the first option that accepts the file */
function attachmentFor(entry: CommandEntry, file: File): string | null {
  const found = entry.options.find(
    ({ option }) => option.type === OptionType.attachment && takesFile(option.file_types ?? [], file.name),
  );
  return found?.option.name ?? null;
}
