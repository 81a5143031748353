/** The administration: the library and its index, failures, what is not music, backups, workers and settings. */
import { Code, Stack, Tabs, Text, Title } from '@mantine/core';
import { useQuery, useQueryClient } from '@tanstack/react-query';
import { useLocation, useNavigate } from '@tanstack/react-router';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { getReindexes } from '../api/admin.ts';
import { ProblemError } from '../api/client.ts';
import { useLibrary } from '../api/use-library.ts';
import { BackupsTab } from '../parts/admin/backups-tab.tsx';
import { ClustersTab } from '../parts/admin/clusters-tab.tsx';
import { FailuresTab } from '../parts/admin/failures-tab.tsx';
import { LibraryTab, State } from '../parts/admin/library-tab.tsx';
import { Section } from '../parts/admin/section.tsx';
import { SettingsTab } from '../parts/admin/settings-tab.tsx';
import { WorkersTab } from '../parts/admin/workers-tab.tsx';
import { FailureNote } from '../parts/failure.tsx';
import { KeyForm } from '../parts/key-form.tsx';
import { useTexts } from '../parts/page-context.ts';
import { PageLoader } from '../parts/page-loader.tsx';
import { problemOf } from '../parts/use-asking.ts';
import { usePageTitle } from '../parts/use-page-title.ts';
import './admin.css';

const tabs = {
  library: LibraryTab,
  failures: FailuresTab,
  clusters: ClustersTab,
  backups: BackupsTab,
  workers: WorkersTab,
  settings: SettingsTab,
} as const;
type TabName = keyof typeof tabs;
const tabNames = Object.keys(tabs) as TabName[];

export function AdminPage(): ReactNode {
  const { page } = useTexts();
  const { admin } = page;
  usePageTitle(admin.heading);
  // What the caller may: the first request that needs the scope tells.
  const probe = useQuery({ queryKey: ['reindexes'], queryFn: ({ signal }) => getReindexes(signal) });
  const mayNot = probe.error instanceof ProblemError && probe.error.problem.status === 403;
  return (
    <Stack gap="lg" className="admin">
      <Title order={1} size="h2">
        {admin.heading}
      </Title>
      {probe.isPending && <PageLoader />}
      {mayNot && <WithoutScope />}
      {probe.error && !mayNot && <FailureNote problem={problemOf(probe.error)} onAgain={() => void probe.refetch()} />}
      {probe.data && <AdminTabs />}
    </Stack>
  );
}

function AdminTabs(): ReactNode {
  const { page } = useTexts();
  const { admin } = page;
  const { hash } = useLocation();
  const navigate = useNavigate();
  const current = tabNames.find((name) => name === hash) ?? 'library';
  const list = useRef<HTMLDivElement>(null);
  // A phone shows some of the tabs only.
  useEffect(() => {
    list.current?.querySelector(`[data-name=${current}]`)?.scrollIntoView({ block: 'nearest', inline: 'center' });
  }, [current]);
  return (
    <Tabs
      value={current}
      keepMounted={false}
      // With arrow keys, tabs are only reached: opening each on the way would ask the server for all of them.
      activateTabWithKeyboard={false}
      onChange={(name) => void navigate({ to: '/admin', hash: name ?? 'library', replace: true, resetScroll: false })}
    >
      <Tabs.List aria-label={admin.tabsName} className="admin-tabs" ref={list}>
        {tabNames.map((name) => (
          <Tabs.Tab key={name} value={name} data-name={name}>
            {admin.tabs[name]}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {tabNames.map((name) => {
        const Tab = tabs[name];
        return (
          <Tabs.Panel key={name} value={name} pt="lg">
            <Stack gap="lg">
              <Tab />
            </Stack>
          </Tabs.Panel>
        );
      })}
    </Tabs>
  );
}

/** What a caller without the scope can do: see the state, and bring another key. */
function WithoutScope(): ReactNode {
  const { page } = useTexts();
  const { noScope } = page.admin;
  const library = useLibrary();
  const queries = useQueryClient();
  const [hasTried, setHasTried] = useState(false);
  const onKey = (): void => {
    setHasTried(true);
    void queries.resetQueries();
  };
  return (
    <>
      {library.data && <State library={library.data} />}
      <Section heading={noScope.heading}>
        <Text size="sm">{noScope.text}</Text>
        <Code block>npm run web -- keys add NAME --scope admin</Code>
      </Section>
      <KeyForm isRefused={hasTried} signIn={null} onKey={onKey} />
    </>
  );
}
