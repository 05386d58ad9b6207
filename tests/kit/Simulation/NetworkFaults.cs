namespace Mesh.Kit.Simulation;

/// <summary>How bad the network between machines is. Inside a machine nothing is lost.</summary>
public sealed record NetworkFaults
{
    public static readonly NetworkFaults None = new() { SplitWrites = false };

    public TimeSpan LeastLatency { get; init; } = TimeSpan.FromMilliseconds(0.2);
    public TimeSpan MostLatency { get; init; } = TimeSpan.FromMilliseconds(5);

    /// <summary>Per piece carried: the connection is reset.</summary>
    public double ResetProbability { get; init; }

    /// <summary>Per attempt: the connection is not made, and times out.</summary>
    public double ConnectLossProbability { get; init; }

    /// <summary>Cut what is written into pieces of any size.</summary>
    public bool SplitWrites { get; init; } = true;
}
