/** How values are spelled in every session: times in UTC, numbers with all their digits. The change stream must agree with the queries. */
export const sessionOptions = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=iso_8601 -c extra_float_digits=3";

/** Of Truce's own messages in the log. A transaction with one is, at least in part, a write of Truce's. */
export const markPrefix = "truce";
