import{b as a}from"./worker-ELMEZOI3.js";import"./worker-Z7QNX57U.js";export{a as initialize};
