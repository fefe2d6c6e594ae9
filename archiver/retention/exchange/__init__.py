"""Exchange with the state archive: offer, appraisal, export and confirmation, after xdomea.

The way: `messages.offer_package` (0501) goes out; `replies.read_appraisal` (0502) comes back and
`appraisal.appraise` compares it with the offer; `delivery.deliver` writes what the archive takes
(0503, in a zip, in a BagIt bag); `verification.verify` reads a bag again; `replies.read_import`
and `appraisal.confirm` take the confirmation (0506) in.
"""
