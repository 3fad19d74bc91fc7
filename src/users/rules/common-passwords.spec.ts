import { describe, expect, it } from '@jest/globals';
import { commonPasswordProblem } from './common-passwords.js';

const OWN = ['ada.lovelace.1815@example.com', 'countess_ada'];

describe('passwords that anybody would try first', () => {
  it.each([
    ['one of the list', 'password1234'],
    ['one of the list in other letters', 'QwertyUIOP123'],
    ['a shorter one of the list with a year', 'liverpool2026'],
    ['a shorter one of the list with signs around it', '!!Liverpool!!'],
    ['one letter', 'aaaaaaaaaaaa'],
    ['a word twice', 'lemontreelemontree'],
    ['a word twice with a sign', 'letmeinletmein!'],
    ['a word twice with a sign between and behind', 'letmein-letmein-1'],
    ['a word twice and a half', 'abcdeabcdeab'],
    ['the alphabet', 'abcdefghijklm'],
    ['digits backwards', '987654321098'],
    ['a row of keys and the next', 'qwertyuiopasd'],
    ['digits and then keys', '1234567890qwertyu'],
    ['the email', 'Ada.Lovelace.1815@example.com'],
    ['what stands before the @ of the email', 'ada.lovelace.1815'],
    ['the username with a sign', 'countess_ada!'],
    ['the name of the service with a year', 'Stockroom2026'],
  ])('holds %s', async (_, password) => {
    expect(await commonPasswordProblem(password, OWN)).toMatch(/^must not be /);
  });

  it.each([
    ['four words', 'correct horse battery staple'],
    ['random characters', 'x7#kQ9vLm2pZ'],
    ['a short word in much else', 'tree-8341&92!7'],
    ['two words of the list', 'liverpoolstarwars'],
    ['a long text twice', 'twelve chars or moretwelve chars or more'],
    ['twelve digits in no order', '739184620517'],
    ['another alphabet', 'пароль для склада'],
  ])('does not hold %s', async (_, password) => {
    expect(await commonPasswordProblem(password, OWN)).toBeNull();
  });
});
