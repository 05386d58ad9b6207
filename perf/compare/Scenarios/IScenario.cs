using Mesh.Compare.Measuring;
using Mesh.Compare.Results;

namespace Mesh.Compare.Scenarios;

internal interface IScenario
{
    /// <summary>In result files; its first letter selects it with --only.</summary>
    string Key { get; }

    string Title { get; }

    IReadOnlyList<Target> Targets { get; }

    /// <summary>Starts backends and candidates in a lab of its own and leaves nothing running.</summary>
    Task MeasureAsync(Session session);
}
