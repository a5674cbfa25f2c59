import fs from 'node:fs'; import path from 'node:path';
import { loadSystemCalls } from './dist/workers/system-calls.js';
import { CdrLog } from './dist/workers/cdr/cdr-log.js';
import { fileSystemOf } from './dist/workers/cdr/mapped-files.js';
import { endOf, sampleAnswer } from './dist/test/cdr/sample-records.js';
const c = await loadSystemCalls();
const dirs=[];
const open=(calls)=>{const directory=fs.mkdtempSync(path.join(process.cwd(),'cdrb-')); dirs.push(directory); return new CdrLog({directory,worker:0,node:'b',syncMs:1000,nowWallMs:Date.now(),files:fileSystemOf(directory,calls)});};
const logs=[['mapped',open(c),[]],['written',open(undefined),[]]];
const answers=Array.from({length:3000},(_, i)=>sampleAnswer('c'+i)); const ends=answers.map(a=>endOf(a,Date.now()));
for(let r=0;r<40;r++) for(const [n,log,f] of logs){ const u=process.cpuUsage(); for(let i=0;i<3000;i++){ log.recordAnswer(answers[i]); log.flush(); log.recordEnd(ends[i]); log.flush(); } const v=process.cpuUsage(u); f.push([(v.user+v.system)/3000, v.user/3000, v.system/3000]); }
for(const [n,,f] of logs){ f.sort((a,b)=>a[0]-b[0]); console.log(n, 'p10', f[4].map(x=>x.toFixed(2)).join(' '), 'p50', f[20].map(x=>x.toFixed(2)).join(' ')); }
for(const d of dirs) fs.rmSync(d,{recursive:true});
