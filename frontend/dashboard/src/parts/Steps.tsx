/** The steps of a wizard: a list beside the page, a line above it on narrow screens; any step can be gone to. */

import { Button, Group, Stack, Text, ThemeIcon, UnstyledButton } from '@mantine/core';
import { IconAlertTriangle, IconCheck } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import './controls.css';

export interface StepItem {
  id: string;
  title: string;
  /** Something in it must be corrected. */
  wrong?: boolean;
  content: ReactNode;
}

export interface StepsProps {
  steps: StepItem[];
  current: number;
  visited: ReadonlySet<number>;
  onGo(step: number): void;
  /** Whether one may go on from the current step. */
  onNext?(): boolean;
  last?: ReactNode;
}

function Mark({ step, number, visited }: { step: StepItem; number: number; visited: boolean }) {
  const wrong = step.wrong === true;
  return (
    <ThemeIcon size={24} radius="xl" variant="light" color={wrong ? 'red' : visited ? 'green' : 'gray'} aria-hidden>
      {wrong ? <IconAlertTriangle size={14} /> : visited ? <IconCheck size={14} /> : <Text size="xs">{number}</Text>}
    </ThemeIcon>
  );
}

export function Steps({ steps, current, visited, onGo, onNext, last }: StepsProps) {
  const { t } = useTranslation();
  const content = useRef<HTMLDivElement>(null);
  const first = useRef(true);
  useEffect(() => {
    if (!first.current) content.current?.focus();
    first.current = false;
  }, [current]);
  const step = steps[current];
  const next = (): void => {
    if (onNext === undefined || onNext()) onGo(current + 1);
  };
  return (
    <div className="steps">
      <nav aria-label={t('Steps')}>
        <Text size="sm" fw={600} hiddenFrom="sm" mb="xs">
          {t('Step {{number}} of {{all}}', { number: current + 1, all: steps.length })}
        </Text>
        <ol className="step-list">
          {steps.map((item, index) => (
            <li key={item.id}>
              <UnstyledButton className="step" aria-current={index === current ? 'step' : undefined} onClick={() => onGo(index)}>
                <Mark step={item} number={index + 1} visited={visited.has(index) && index !== current} />
                <span>{item.title}</span>
                {item.wrong === true && <span className="visually-hidden">{t('needs correction')}</span>}
              </UnstyledButton>
            </li>
          ))}
        </ol>
      </nav>
      <Stack>
        <div ref={content} tabIndex={-1} role="group" aria-label={step?.title} style={{ outline: 'none' }}>
          {step?.content}
        </div>
        <Group justify="space-between">
          <Button variant="default" disabled={current === 0} onClick={() => onGo(current - 1)}>
            {t('Back')}
          </Button>
          {/* Two elements: one that turned into a submit button during a click would submit at once. */}
          {current < steps.length - 1 ? (
            <Button key="next" onClick={next}>
              {t('Next')}
            </Button>
          ) : (
            <div key="last">{last}</div>
          )}
        </Group>
      </Stack>
    </div>
  );
}
