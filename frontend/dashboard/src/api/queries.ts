/** What is read from the server, under the keys it is kept by. */

import { queryOptions, QueryClient } from '@tanstack/react-query';
import {
  getChatbot,
  getCompany,
  listCallModels,
  listModels,
  ownCompany,
  whoAmI,
} from '@call/client/sdk.gen';
import type { AiModelOutput, Chatbot, Company, MeOut } from '@call/client/types.gen';
import { ApiError, answer } from './http.ts';
import type { Complete } from './http.ts';

export type Me = Complete<MeOut>;
export type AiModel = Complete<AiModelOutput>;
export type Bot = Complete<Chatbot>;
export type Firm = Complete<Company>;

export const queryClient = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      refetchOnWindowFocus: false,
      retry: (count, error) => count < 2 && (!(error instanceof ApiError) || error.status === 0 || error.status >= 500),
    },
  },
});

export const meQuery = queryOptions({ queryKey: ['me'], queryFn: () => answer(whoAmI()), staleTime: 60_000 });

export const companyQuery = queryOptions({ queryKey: ['company'], queryFn: () => answer(ownCompany()) });

export const callModelsQuery = queryOptions({
  queryKey: ['call-models'],
  queryFn: async () => (await answer(listCallModels())).items,
});

export const allModelsQuery = queryOptions({
  queryKey: ['models'],
  queryFn: async () => (await answer(listModels())).items,
});

export const firmQuery = (companyId: string) =>
  queryOptions({
    queryKey: ['firm', companyId],
    queryFn: () => answer(getCompany({ path: { company_id: companyId } })),
  });

export const chatbotQuery = (chatbotId: string) =>
  queryOptions({
    queryKey: ['chatbot', chatbotId],
    queryFn: () => answer(getChatbot({ path: { chatbot_id: chatbotId } })),
  });
