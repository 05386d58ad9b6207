namespace Mesh.Load.Runs;

/// <summary>Latencies of one run at a fixed rate, from when each request was due to the last byte of its response, in microseconds.</summary>
/// <param name="Requests">Recorded ones, after the warm-up.</param>
/// <param name="Unfinished">Due but without a complete response one second after the end; they are in the latencies with their age then.</param>
public sealed record RateReport(long Requests, long Unfinished, double P50, double P99, double P999, double Largest);
