import { attentions } from "../testing/builders/attention.ts";
import { checkReferences } from "../testing/references.ts";

checkReferences(attentions);
