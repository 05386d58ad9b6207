namespace Mesh.Compare.Measuring;

/// <summary>What the clients of a scenario do.</summary>
/// <param name="File">Of the backend; every response is this.</param>
/// <param name="Rate">Requests a second for the latencies: one that every candidate holds with ease, about a third of what the slowest can.</param>
/// <param name="NewConnections">Every request has a connection of its own.</param>
internal sealed record Traffic(string File, int Rate, int Connections = 64, bool NewConnections = false);
