/** Texts of the map, in English. */
export const mapEn = {
  nav: 'Map',
};
