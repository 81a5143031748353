/** Texts about the caller: the key, and signing in, in English. */
export const peopleEn = {
  forgetKey: 'Forget the API key',
};
