import { useState } from "preact/hooks";
import type { Texts } from "../locales/en";
import type { WidgetConfig } from "./config";

export function Form({ config, t, onStart }: { config: WidgetConfig; t: Texts; onStart: (customer: { name?: string; email?: string }) => void }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [tried, setTried] = useState(false);
  const nameError = config.requireName && !name.trim() ? t.required : "";
  const emailError = config.requireEmail ? (!email.trim() ? t.required : /^\S+@\S+\.\S+$/.test(email) ? "" : t.badEmail) : "";
  const submit = (event: Event): void => {
    event.preventDefault();
    setTried(true);
    if (!nameError && !emailError) onStart({ ...(name && { name: name.trim() }), ...(email && { email: email.trim() }) });
  };
  const field = (label: string, value: string, set: (value: string) => void, error: string, type: "text" | "email") => (
    <label>
      {label}
      <input type={type as "text"} value={value} autocomplete={type === "email" ? "email" : "name"} aria-invalid={tried && !!error} onInput={(event) => set(event.currentTarget.value)} />
      {tried && error && <span class="error" role="alert">{error}</span>}
    </label>
  );
  return (
    <main class="middle">
      <form onSubmit={submit} noValidate>
        {config.requireName && field(t.name, name, setName, nameError, "text")}
        {config.requireEmail && field(t.email, email, setEmail, emailError, "email")}
        {config.recordingEnabled && <p class="quiet">{t.recorded}</p>}
        <button type="submit" class="primary">{t.start}</button>
      </form>
    </main>
  );
}
