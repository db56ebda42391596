/** What comes before the first word: the form, the permission hint, the click that sound may need. */

import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import type { WidgetConfig } from '../../config.ts';
import type { Texts } from '../../locales/en.ts';
import type { Customer } from '../api.ts';
import { Icon } from './icons.tsx';

export function Notices({ config, texts }: { config: WidgetConfig; texts: Texts }): JSX.Element {
  return (
    <ul class="notices">
      <li>
        <Icon name="spark" size={16} /> {texts.aiNotice}
      </li>
      {config.recordingEnabled && (
        <li>
          <Icon name="record" size={16} /> {texts.recordingNotice}
        </li>
      )}
    </ul>
  );
}

interface FieldProps {
  id: string;
  label: string;
  inputMode: 'text' | 'email';
  autocomplete: string;
  value: string;
  problem: string | null;
  maxLength: number;
  first: boolean;
  onInput(value: string): void;
}

function Field(props: FieldProps): JSX.Element {
  const problemId = `${props.id}-problem`;
  return (
    <div class="field">
      <label for={props.id}>{props.label}</label>
      <input
        id={props.id}
        name={props.id}
        type="text"
        inputMode={props.inputMode}
        autocomplete={props.autocomplete}
        required
        maxLength={props.maxLength}
        value={props.value}
        aria-invalid={props.problem !== null}
        aria-describedby={props.problem === null ? undefined : problemId}
        data-autofocus={props.first ? '' : undefined}
        onInput={(event) => props.onInput(event.currentTarget.value)}
      />
      {props.problem !== null && (
        <p class="field-problem" id={problemId}>
          <Icon name="warning" size={16} /> {props.problem}
        </p>
      )}
    </div>
  );
}

export interface FormProblems {
  name: string | null;
  email: string | null;
}

/** Null where a field is fine or not asked for. */
export function checkForm(customer: Required<Customer>, config: WidgetConfig, texts: Texts): FormProblems {
  const { requireEmail, requireName } = config.features;
  const email = customer.email.trim();
  const emailForm = /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email) ? null : texts.emailInvalid;
  return {
    name: requireName && customer.name.trim() === '' ? texts.nameMissing : null,
    email: requireEmail ? (email === '' ? texts.emailMissing : emailForm) : null,
  };
}

interface FormProps {
  config: WidgetConfig;
  texts: Texts;
  onStart(customer: Customer): void;
}

export function PreCallForm({ config, texts, onStart }: FormProps): JSX.Element {
  const [name, setName] = useState('');
  const [email, setEmail] = useState('');
  const [checked, setChecked] = useState(false);
  const { requireEmail, requireName } = config.features;
  const problems = checkForm({ name, email }, config, texts);
  const submit = (event: Event): void => {
    event.preventDefault();
    setChecked(true);
    if (problems.name === null && problems.email === null) {
      onStart({
        ...(requireName ? { name: name.trim() } : {}),
        ...(requireEmail ? { email: email.trim() } : {}),
      });
      return;
    }
    const wrong = problems.name !== null ? 'caller-name' : 'caller-email';
    (event.currentTarget as HTMLElement).querySelector<HTMLElement>(`#${wrong}`)?.focus();
  };
  return (
    <form class="message form" noValidate onSubmit={submit}>
      <h2>{texts.formTitle}</h2>
      <p>{texts.formIntro}</p>
      {requireName && (
        <Field
          id="caller-name"
          label={texts.name}
          inputMode="text"
          autocomplete="name"
          maxLength={120}
          value={name}
          problem={checked ? problems.name : null}
          first
          onInput={setName}
        />
      )}
      {requireEmail && (
        <Field
          id="caller-email"
          label={texts.email}
          inputMode="email"
          autocomplete="email"
          maxLength={254}
          value={email}
          problem={checked ? problems.email : null}
          first={!requireName}
          onInput={setEmail}
        />
      )}
      <Notices config={config} texts={texts} />
      <div class="actions">
        <button type="submit" class="button primary">
          <Icon name="phone" /> {texts.startCall}
        </button>
      </div>
    </form>
  );
}

export function PermissionHint({ config, texts }: { config: WidgetConfig; texts: Texts }): JSX.Element {
  return (
    <div class="message">
      <span class="badge badge-pulse">
        <Icon name="microphone" size={28} />
      </span>
      <h2 tabIndex={-1} data-autofocus>
        {texts.permissionTitle}
      </h2>
      <p>{texts.permissionText}</p>
      <Notices config={config} texts={texts} />
    </div>
  );
}

export function GesturePrompt({ config, texts, onGo }: { config: WidgetConfig; texts: Texts; onGo(): void }): JSX.Element {
  return (
    <div class="message">
      <span class="badge">
        <Icon name="phone" size={28} />
      </span>
      <h2>{texts.gestureTitle}</h2>
      <p>{texts.gestureText}</p>
      <Notices config={config} texts={texts} />
      <div class="actions">
        <button type="button" class="button primary" data-autofocus onClick={onGo}>
          <Icon name="phone" /> {texts.startCall}
        </button>
      </div>
    </div>
  );
}
