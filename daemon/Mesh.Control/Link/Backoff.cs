namespace Mesh.Control.Link;

/// <summary>Waits that double from the first to the longest, each shortened by up to a fifth, so that machines that failed together
/// do not come back together.</summary>
internal sealed class Backoff
{
    private readonly TimeSpan first;
    private readonly TimeSpan longest;
    private readonly Random random;
    private TimeSpan next;

    public Backoff(TimeSpan first, TimeSpan longest, Random random)
    {
        (this.first, this.longest, this.random) = (first, longest, random);
        next = first;
    }

    public TimeSpan Next()
    {
        var wait = next * (1 - 0.2 * random.NextDouble());
        next = next * 2 < longest ? next * 2 : longest;
        return wait;
    }

    public void Reset() => next = first;
}
