/** Members of a company: listed, invited, and (by their own admins) given a role or switched off. */

import { Badge, Button, Group, Menu, Modal, Radio, Stack, Text, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { IconDotsVertical, IconUserPlus, IconUsers } from '@tabler/icons-react';
import { ActionIcon } from '@mantine/core';
import type { InvitationIn, MemberOut } from '@call/client/types.gen';
import { zInvitationIn } from '@call/client/zod.gen';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import type { QueryKey } from '@tanstack/react-query';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { ApiError } from '../../api/http.ts';
import type { Complete } from '../../api/http.ts';
import { problems } from '../../forms/validate.ts';
import { OnOff } from '../../parts/Badges.tsx';
import { List } from '../../parts/List.tsx';
import type { Column } from '../../parts/List.tsx';
import { Empty } from '../../parts/States.tsx';
import { When } from '../../parts/When.tsx';
import { roleName } from '../../text/names.ts';

export type Member = Complete<MemberOut>;
export type MemberRole = 'company_admin' | 'support_agent';

export interface MembersProps {
  queryKey: QueryKey;
  read(cursor: string | undefined): Promise<{ items: Member[]; nextCursor: string | null }>;
  invite(body: InvitationIn, key: string): Promise<unknown>;
  /** What an admin of the company may do; not for oneself. */
  change?: { self: string; role(member: Member, role: MemberRole): void; access(member: Member, active: boolean): void };
}

function Invitation({ invite, onDone }: { invite: MembersProps['invite']; onDone(): void }) {
  const { t } = useTranslation();
  const [key] = useState(() => crypto.randomUUID());
  const form = useForm<Complete<InvitationIn>>({
    initialValues: { email: '', name: '', role: 'support_agent' },
    validate: (values) => problems(t, zInvitationIn, values),
  });
  const send = useMutation({
    mutationFn: () => invite(form.getValues(), key),
    onSuccess: () => {
      notifications.show({ color: 'green', message: t('The invitation is on its way to {{email}}.', { email: form.getValues().email }) });
      onDone();
    },
    onError: (error) => form.setErrors(error instanceof ApiError ? { email: error.message, ...error.fields } : { email: String(error) }),
  });
  return (
    <form noValidate onSubmit={form.onSubmit(() => send.mutate())}>
      <Stack>
        <TextInput type="email" required data-autofocus label={t('Email address')} {...form.getInputProps('email')} />
        <TextInput label={t('Name')} maxLength={120} {...form.getInputProps('name')} />
        <Radio.Group label={t('Role')} {...form.getInputProps('role')}>
          <Stack gap="xs" mt={6}>
            <Radio value="company_admin" label={t('Company admin')} description={t('Configures chatbots, sees every call, manages the team.')} />
            <Radio value="support_agent" label={t('Support agent')} description={t('Takes calls over, sees only the calls they took part in.')} />
          </Stack>
        </Radio.Group>
        <Button type="submit" loading={send.isPending}>
          {t('Send invitation')}
        </Button>
      </Stack>
    </form>
  );
}

function Actions({ member, change }: { member: Member; change: NonNullable<MembersProps['change']> }) {
  const { t } = useTranslation();
  if (member.userId === change.self) return <Text size="xs" c="dimmed">{t('You')}</Text>;
  const other = member.role === 'company_admin' ? 'support_agent' : 'company_admin';
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={t('Actions for {{name}}', { name: member.name || member.email })}>
          <IconDotsVertical size={18} aria-hidden />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => change.role(member, other)}>{t('Make {{role}}', { role: roleName(t, other) })}</Menu.Item>
        <Menu.Item color={member.active ? 'red' : undefined} onClick={() => change.access(member, !member.active)}>
          {member.active ? t('Switch off') : t('Switch on')}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

export function Members({ queryKey, read, invite, change }: MembersProps) {
  const { t } = useTranslation();
  const cache = useQueryClient();
  const [opened, setOpened] = useState(false);
  const columns: Column<Member>[] = [
    {
      title: t('Name'),
      show: (member) => (
        <div>
          <Text size="sm" fw={600}>
            {member.name || member.email}
          </Text>
          <Text size="xs" c="dimmed">
            {member.email}
          </Text>
        </div>
      ),
    },
    { title: t('Role'), show: (member) => <Badge color={member.role === 'company_admin' ? 'indigo' : 'gray'}>{roleName(t, member.role)}</Badge> },
    { title: t('Access'), show: (member) => <OnOff on={member.active} labels={[t('Active'), t('Switched off')]} /> },
    { title: t('Invited'), show: (member) => (member.invitedAt === null ? '–' : <When iso={member.invitedAt} />) },
  ];
  if (change !== undefined) columns.push({ title: t('Actions'), align: 'right', show: (member) => <Actions member={member} change={change} /> });
  const add = (
    <Button leftSection={<IconUserPlus size={16} aria-hidden />} onClick={() => setOpened(true)}>
      {t('Invite')}
    </Button>
  );
  return (
    <Stack>
      <Group justify="flex-end">{add}</Group>
      <List
        queryKey={queryKey}
        read={read}
        columns={columns}
        id={(member) => member.userId}
        caption={t('Team')}
        loading={t('Loading the team')}
        empty={
          <Empty icon={<IconUsers />} title={t('Nobody is here yet')} action={add}>
            {t('Invite a company admin first: they configure chatbots and invite the others.')}
          </Empty>
        }
      />
      <Modal opened={opened} onClose={() => setOpened(false)} title={t('Invite')}>
        <Invitation
          invite={invite}
          onDone={() => {
            setOpened(false);
            void cache.invalidateQueries({ queryKey });
          }}
        />
      </Modal>
    </Stack>
  );
}
