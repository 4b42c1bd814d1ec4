"""Claims triage: a claim's text in; summary, category, urgency, reasons, facts and whether a person must look, out."""
