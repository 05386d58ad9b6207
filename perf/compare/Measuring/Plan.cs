namespace Mesh.Compare.Measuring;

/// <summary>How often and how long.</summary>
/// <param name="FullLoad">Of one candidate in one round.</param>
/// <param name="FixedRate">Of one candidate in one round; its first half second is not counted.</param>
/// <param name="WarmUp">Full load of each candidate, once, before the first round: the same for all. Ten seconds are for
/// run-time compilation of meshd; the spread of its rounds shows whether it had settled.</param>
/// <param name="Small">Scenarios that are large by themselves use smaller numbers, which are no longer those of their targets.</param>
internal sealed record Plan(int Rounds, TimeSpan FullLoad, TimeSpan FixedRate, TimeSpan WarmUp, bool Small)
{
    public static readonly Plan Default = new(5, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(10), Small: false);

    /// <summary>To see that everything works, not to quote.</summary>
    public static readonly Plan Quick = new(2, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(3), Small: true);

    public override string ToString() => $"{Rounds} rounds, per candidate and round {FullLoad.TotalSeconds:0.#} s of full load and "
        + $"{FixedRate.TotalSeconds:0.#} s at a fixed rate, {WarmUp.TotalSeconds:0.#} s of full load before the first round{(Small ? "; smaller numbers than those of the titles: verdicts do not count" : "")}";
}
