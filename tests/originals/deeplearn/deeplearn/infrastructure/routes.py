from fastapi import APIRouter, Response, status

from deeplearn.infrastructure.public import EnvironmentStatus, infrastructure_provider

router = APIRouter(tags=["operations"])


@router.get("/health", responses={503: {"model": EnvironmentStatus}})
def health(response: Response) -> EnvironmentStatus:
    """Whether the database answers."""
    found = infrastructure_provider().validate_environment()
    if not found.is_healthy:
        response.status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    return found
