/** A list that is read page by page by cursor, with its states. */

import { Button, Card, Group, Table } from '@mantine/core';
import { useInfiniteQuery } from '@tanstack/react-query';
import type { QueryKey } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Failed, Loading } from './States.tsx';
import './controls.css';

export interface Column<Row> {
  title: string;
  show(row: Row): ReactNode;
  align?: 'right';
}

export interface ListProps<Row> {
  queryKey: QueryKey;
  read(cursor: string | undefined): Promise<{ items: Row[]; nextCursor: string | null }>;
  columns: Column<Row>[];
  id(row: Row): string;
  caption: string;
  loading: string;
  empty: ReactNode;
  /** Applied to what was read; for short lists only. */
  keep?(row: Row): boolean;
  nothingKept?: ReactNode;
}

export function Rows<Row>({ rows, columns, id, caption }: Pick<ListProps<Row>, 'columns' | 'id' | 'caption'> & { rows: Row[] }) {
  return (
    <Card padding={0}>
      <div className="table-wrap" tabIndex={0} role="region" aria-label={caption}>
        <Table highlightOnHover miw={700} horizontalSpacing="sm">
          <Table.Thead>
            <Table.Tr>
              {columns.map((column) => (
                <Table.Th key={column.title} ta={column.align}>
                  {column.title}
                </Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {rows.map((row) => (
              <Table.Tr key={id(row)}>
                {columns.map((column) => (
                  <Table.Td key={column.title} ta={column.align}>
                    {column.show(row)}
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </div>
    </Card>
  );
}

export function List<Row>(props: ListProps<Row>) {
  const { t } = useTranslation();
  const query = useInfiniteQuery({
    queryKey: props.queryKey,
    queryFn: ({ pageParam }) => props.read(pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  });
  if (query.isPending) return <Loading what={props.loading} />;
  if (query.isError && query.data === undefined) return <Failed error={query.error} onRetry={() => void query.refetch()} />;
  const all = query.data.pages.flatMap((page) => page.items);
  const rows = props.keep === undefined ? all : all.filter(props.keep);
  const more = query.hasNextPage && (
    <Group justify="center" mt="md">
      <Button variant="default" loading={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
        {t('Show more')}
      </Button>
    </Group>
  );
  return (
    <div>
      {rows.length > 0 ? <Rows {...props} rows={rows} /> : all.length > 0 ? props.nothingKept : !query.hasNextPage && props.empty}
      {more}
    </div>
  );
}
