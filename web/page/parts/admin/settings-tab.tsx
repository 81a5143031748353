/** Settings that can be changed while everything runs: the schedule, and those of Discord servers. */
import { Button, Group, NativeSelect, NumberInput, Stack, Switch, Text, TextInput } from '@mantine/core';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { changeServer, endSchedule, getSettings, type Settings, setSchedule } from '../../api/admin.ts';
import { ProblemError } from '../../api/client.ts';
import { FailureNote } from '../failure.tsx';
import { useTexts } from '../page-context.ts';
import { PageLoader } from '../page-loader.tsx';
import { problemOf } from '../use-asking.ts';
import { useFormats } from './amounts.ts';
import { Section } from './section.tsx';

const presets = { nightly: '0 4 * * *', weekly: '0 4 * * 0', hourly: '0 * * * *' } as const;
type Choice = 'never' | keyof typeof presets | 'own';
const choices: readonly Choice[] = ['never', 'nightly', 'weekly', 'hourly', 'own'];
/** As the bot's. */
const resultsMax = 10;

export function SettingsTab(): ReactNode {
  const { page } = useTexts();
  const { settings } = page.admin;
  const found = useQuery({ queryKey: ['settings'], queryFn: ({ signal }) => getSettings(signal) });
  return (
    <>
      {found.error && <FailureNote problem={problemOf(found.error)} onAgain={() => void found.refetch()} />}
      {found.isPending && <PageLoader />}
      {found.data && (
        <>
          <Section heading={settings.schedule} hint={settings.hint}>
            <ScheduleForm key={found.data.schedule?.setAt ?? ''} schedule={found.data.schedule} />
          </Section>
          <Section heading={settings.servers}>
            {found.data.servers.length === 0 && <Text size="sm">{settings.noServers}</Text>}
            {found.data.servers.map((server) => (
              <ServerForm key={server.id} server={server} />
            ))}
          </Section>
        </>
      )}
    </>
  );
}

/** The settings that a change returns replace those that are known. */
function useChange<Change>(change: (wanted: Change) => Promise<Settings>) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: change,
    onSuccess: (settings) => queries.setQueryData(['settings'], settings),
  });
}

function choiceOf(cron: string | undefined): Choice {
  if (cron === undefined) return 'never';
  return (Object.keys(presets) as (keyof typeof presets)[]).find((name) => presets[name] === cron) ?? 'own';
}

function ScheduleForm({ schedule }: { schedule: Settings['schedule'] }): ReactNode {
  const { page } = useTexts();
  const { settings } = page.admin;
  const formats = useFormats();
  const [choice, setChoice] = useState(choiceOf(schedule?.cron));
  const [cron, setCron] = useState(schedule?.cron ?? presets.nightly);
  const [timeZone, setTimeZone] = useState(schedule?.timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone);
  const save = useChange(() =>
    choice === 'never' ? endSchedule() : setSchedule({ cron: choice === 'own' ? cron : presets[choice], timeZone }),
  );
  const problem = save.error instanceof ProblemError ? String(save.error.problem.facts.problem ?? '') : '';
  const refusal = settings.problems[problem];
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        save.mutate(undefined);
      }}
    >
      <Stack gap="md" className="fields">
        {save.error && refusal === undefined && <FailureNote problem={problemOf(save.error)} />}
        <NativeSelect
          label={settings.when}
          value={choice}
          onChange={({ currentTarget: { value } }) => setChoice(value as Choice)}
          data={choices.map((value) => ({ value, label: settings.presets[value] }))}
        />
        {choice === 'own' && (
          <TextInput
            label={settings.cron}
            description={settings.cronHint}
            value={cron}
            error={problem === 'time-zone' ? null : refusal}
            onChange={({ currentTarget: { value } }) => setCron(value)}
          />
        )}
        {choice !== 'never' && (
          <TextInput
            label={settings.timeZone}
            value={timeZone}
            error={problem === 'time-zone' ? refusal : null}
            onChange={({ currentTarget: { value } }) => setTimeZone(value)}
          />
        )}
        <Group>
          <Button type="submit" loading={save.isPending}>
            {settings.save}
          </Button>
          {save.isSuccess && <Text role="status">{settings.saved}</Text>}
        </Group>
        {schedule && (
          <div>
            {schedule.nextAt && <Text size="sm">{settings.next(formats.at(schedule.nextAt))}</Text>}
            <Text size="sm" c="dimmed">
              {settings.setBy(formats.who(schedule.setBy), formats.at(schedule.setAt))}
            </Text>
          </div>
        )}
      </Stack>
    </form>
  );
}

function ServerForm({ server }: { server: Settings['servers'][number] }): ReactNode {
  const { page } = useTexts();
  const { settings } = page.admin;
  const change = useChange((changes: Parameters<typeof changeServer>[1]) => changeServer(server.id, changes));
  return (
    <Stack gap="xs" className="fields">
      <Text fw={600}>{settings.server(server.id)}</Text>
      {change.error && <FailureNote problem={problemOf(change.error)} />}
      <NumberInput
        label={settings.results}
        placeholder={settings.usual}
        min={1}
        max={resultsMax}
        allowDecimal={false}
        clampBehavior="strict"
        defaultValue={server.results ?? ''}
        onBlur={({ currentTarget: { value } }) => {
          const results = value === '' ? null : Number(value);
          if (results !== server.results) change.mutate({ results });
        }}
      />
      <Switch
        label={settings.private}
        checked={server.private}
        disabled={change.isPending}
        onChange={({ currentTarget: { checked } }) => change.mutate({ private: checked })}
      />
    </Stack>
  );
}
