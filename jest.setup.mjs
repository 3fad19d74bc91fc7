// Evaluates the ESM packages of Nest before any CommonJS package (nestjs-pino and others) requires them: jest refuses a
// require() of an ES module that is still being evaluated ("Cannot require() ES Module … in a cycle").
import 'reflect-metadata';
import '@nestjs/common';
import '@nestjs/core';
