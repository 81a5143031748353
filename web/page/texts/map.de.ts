/** Texts of the map, in German. */
import type { mapEn } from './map.en.ts';

export const mapDe: typeof mapEn = {
  nav: 'Karte',
  heading: 'Karte der Bibliothek',
  making: 'Die Karte wird gemacht. Das dauert beim ersten Mal ein, zwei Minuten. Sie erscheint hier.',
  colourBy: 'Farben',
  by: { cluster: 'Gruppen', artist: 'Künstler', album: 'Alben' },
  cluster: (number) => `Gruppe ${number}`,
  others: 'Andere',
  hearPointed: 'Anhören, worauf der Zeiger steht',
  lasso: 'Stücke umfahren',
  larger: 'Vergrößern',
  smaller: 'Verkleinern',
  showAll: 'Alles zeigen',
  canvas: (tracks) =>
    `Karte: ${tracks}. Die Pfeile verschieben sie, Plus und Minus vergrößern und verkleinern sie, 0 zeigt alles. Die Stücke im Bild stehen darunter.`,
  keys: 'Mausrad oder zwei Finger vergrößern, Ziehen verschiebt, ein Klick auf einen Punkt öffnet sein Stück. Mit der Umschalttaste gezogen, umfährst du Stücke.',
  inView: 'Stücke in der Mitte der Karte',
  selected: (tracks) => `${tracks} gewählt`,
  more: (amount) => `und ${amount} weitere`,
  askWithFirst: (amount) => `Mit den ersten ${amount} suchen`,
  clear: 'Auswahl aufheben',
};
